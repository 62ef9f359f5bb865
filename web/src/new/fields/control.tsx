/** The control of a field, by its kind. */
import { SegmentsControl, SelectControl, SwitchControl } from './choice-controls';
import type { ControlProps } from './control-props';
import { fieldKind } from './field-kind';
import { FileField } from './file-field';
import { FilesField } from './files-field';
import { BytesControl, NumberControl, RateControl, SliderControl } from './number-controls';
import { OptionsField } from './options-field';
import { StepsControl } from './steps-control';
import { ColourControl, JsonControl, ListControl, TextControl, TimeControl } from './text-controls';

export function Control(props: ControlProps) {
  switch (fieldKind(props.schema)) {
    case 'boolean':
      return <SwitchControl {...props} />;
    case 'segments':
      return <SegmentsControl {...props} />;
    case 'select':
      return <SelectControl {...props} />;
    case 'steps':
      return <StepsControl {...props} />;
    case 'slider':
      return <SliderControl {...props} />;
    case 'number':
      return <NumberControl {...props} />;
    case 'bytes':
      return <BytesControl {...props} />;
    case 'bitrate':
      return <RateControl {...props} />;
    case 'time':
      return <TimeControl {...props} />;
    case 'colour':
      return <ColourControl {...props} />;
    case 'file':
      return <FileField {...props} />;
    case 'files':
      return <FilesField {...props} />;
    case 'options':
      return <OptionsField {...props} />;
    case 'list':
      return <ListControl {...props} />;
    case 'json':
      return <JsonControl {...props} />;
    default:
      return <TextControl {...props} />;
  }
}
