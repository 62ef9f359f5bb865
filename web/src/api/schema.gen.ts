// Written by scripts/gen.ts from the OpenAPI document of the server; run `npm run gen` after changing a route.
export type RecipeStepInput = { /** Name of the step within the recipe. */ id: string; /** Name of the task; GET /api/tasks lists them. */ task: string; /** Parameters of the task. */ params?: Record<string, unknown>; /** Name of the file or folder in the output folder; default the id with the fitting extension. */ output?: string; /** `source`, or the id of the step whose output this one reads; default `source`. */ from?: string; };

export type RecipeInput = { /** One line for lists. */ title?: string; /** What it is for. */ description?: string; steps: RecipeStepInput[]; };

export type FailureInput = { code: "invalid_request" | "invalid_params" | "invalid_config" | "unknown_task" | "forbidden_option" | "path_outside_storage" | "input_not_found" | "input_required" | "not_found" | "job_not_found" | "invalid_recipe" | "recipe_not_found" | "run_not_found" | "worker_not_found" | "output_not_found" | "no_preview" | "conflict" | "in_use" | "output_exists" | "payload_too_large" | "upload_not_found" | "no_direct_access" | "upload_incomplete" | "unsupported_content_type" | "range_not_satisfiable" | "unauthorized" | "forbidden" | "key_not_found" | "delivery_not_found" | "quota_exceeded" | "cross_site_request" | "method_not_allowed" | "request_timeout" | "rate_limited" | "unsupported_media" | "no_video_stream" | "no_audio_stream" | "corrupt_media" | "unsupported_output" | "encoder_unavailable" | "checksum_mismatch" | "invalid_manifest" | "integrity_failed" | "not_compliant" | "output_verification_failed" | "blocked_address" | "download_failed" | "download_refused" | "download_too_large" | "crashed" | "out_of_memory" | "timed_out" | "parent_failed" | "canceled" | "lease_lost" | "disk_full" | "output_not_writable" | "engine_failed" | "queue_unavailable" | "storage_unavailable" | "storage_denied" | "bucket_not_found" | "unsupported_runtime" | "tool_unavailable" | "internal"; title: string; detail: string; next: string; retryable: boolean; /** Of a source that breaks off: at_s, announced_s, found_s, announced_frames, found_frames, stream. attempts_same_place: attempts that ended like this one. */ facts?: Record<string, unknown>; /** FFmpeg's last lines, or those of the job's process. */ log?: string[]; /** Ways out, best first. */ suggestions?: { title: string; reason: string; /** `retry_with`: again with these params, output_path and timeout_seconds. `run_task`: that task on the same source. `open`: what only a person can do. */ kind: "retry" | "retry_with" | "run_task" | "open"; /** What `open` opens. */ target?: "upload" | "task" | "params" | "system" | "job"; task?: string; params?: Record<string, unknown>; /** Empty: let the program name it. */ output_path?: string; timeout_seconds?: number; /** The one to try first; at most one is. */ primary: boolean; }[]; };

export type ProgressInput = { /** 0 to 100; null while the total is unknown. */ percent: number | null; stage?: string; fps?: number; /** Media seconds per second. */ speed?: number; eta_seconds?: number; bytes_done?: number; };

export type JobPlanInput = { source_kind: ("video" | "audio" | "image" | "other") | null; /** Such as `1:05 · H.264 1920×1080 · 25 fps · AAC stereo`. */ source: string | null; duration_s: number | null; /** How much of the source is touched; `file` for tasks on bytes. */ reads: "file" | "header" | "packets" | "seek" | "decode"; steps: { /** Such as video, audio, copy, images, loudness. */ kind: string; stream: number | null; /** Codec in the source. */ from: string | null; /** Encoder or format. */ to: string | null; detail: string | null; }[]; };

export type JobResultInput = { success: true; message: string; output_path: string | null; outputs: { name: string; size_bytes: number; media_type: string; }[]; /** With further numbers of the task. */ metrics: { duration_ms: number; input_size_bytes: number; output_size_bytes: number; [key: string]: number; }; /** The task's own result. */ data: Record<string, unknown>; warnings: string[]; };

export type JobRunInput = { /** The same for all steps of the run; GET /api/jobs?run= lists them. */ id: string; /** Name of the recipe and its version, as web-video@3; null for one that was given inline. */ recipe: string | null; /** Id of the step in the recipe. */ step: string; /** Steps of a run with the same pass read the source together; null for one that goes alone. */ pass: string | null; };

export type SubmissionInput = { /** Name of the task; GET /api/tasks lists them. */ task: string; /** A file_id, /data/input/…, input/…, or an output of another job. */ input_path?: string | null; /** Default: /data/output/<uuid>_output with the fitting extension. */ output_path?: string | null; /** Parameters of the task; default none. */ params?: Record<string, unknown> | null; /** 0 (last) to 100 (first); default 50. Equals run in the order they came. */ priority?: number; /** Milliseconds before it may start; default 0. */ delay_ms?: number; /** Most attempts, crashes and lost workers included; default from [queue] attempts. */ attempts?: number; /** Wall-clock limit of one attempt; default from [processing] timeout_seconds. */ timeout_seconds?: number; /** Ids of jobs that must finish first, in a batch also refs. Inputs below /data/output may then not exist yet. */ depends_on?: string[]; /** When a job in depends_on fails, is canceled or removed: `wait` (default) until it is retried and finishes, or `fail` as well. */ on_parent_failure?: "wait" | "fail"; /** A second request with the same key answers with the first job. */ idempotency_key?: string; /** http or https address that is told, signed, when the job has ended; default that of the API key. */ webhook_url?: string; };

export type BatchSubmissionInput = { /** Name of the task; GET /api/tasks lists them. */ task: string; /** A file_id, /data/input/…, input/…, or an output of another job. */ input_path?: string | null; /** Default: /data/output/<uuid>_output with the fitting extension. */ output_path?: string | null; /** Parameters of the task; default none. */ params?: Record<string, unknown> | null; /** 0 (last) to 100 (first); default 50. Equals run in the order they came. */ priority?: number; /** Milliseconds before it may start; default 0. */ delay_ms?: number; /** Most attempts, crashes and lost workers included; default from [queue] attempts. */ attempts?: number; /** Wall-clock limit of one attempt; default from [processing] timeout_seconds. */ timeout_seconds?: number; /** Ids of jobs that must finish first, in a batch also refs. Inputs below /data/output may then not exist yet. */ depends_on?: string[]; /** When a job in depends_on fails, is canceled or removed: `wait` (default) until it is retried and finishes, or `fail` as well. */ on_parent_failure?: "wait" | "fail"; /** A second request with the same key answers with the first job. */ idempotency_key?: string; /** http or https address that is told, signed, when the job has ended; default that of the API key. */ webhook_url?: string; /** A name for this job, by which others of the batch can name it in depends_on. It is not kept. */ ref?: string; };

export type RecipeRunRequestInput = { /** Name of a saved recipe, `NAME@VERSION` for one of its versions, or a recipe itself. */ recipe: string | RecipeInput; /** What its steps read: a file_id, or any path of the storage. */ input_path?: string | null; /** Folder for all outputs; default /data/output/<id of the run>. */ output_path?: string | null; /** 0 (last) to 100 (first); default 50. Equals run in the order they came. */ priority?: number; /** Milliseconds before it may start; default 0. */ delay_ms?: number; /** Most attempts, crashes and lost workers included; default from [queue] attempts. */ attempts?: number; /** Wall-clock limit of one attempt; default from [processing] timeout_seconds. */ timeout_seconds?: number; /** A second request with the same key answers with the first job. */ idempotency_key?: string; /** http or https address that is told, signed, when the job has ended; default that of the API key. */ webhook_url?: string; };

export type PlanRequestInput = { /** Name of the task; GET /api/tasks lists them. */ task?: string; /** Parameters of the task; default none. */ params?: Record<string, unknown> | null; /** Name of a saved recipe, `NAME@VERSION` for one of its versions, or a recipe itself. */ recipe?: string | RecipeInput; /** What its steps read: a file_id, or any path of the storage. */ input_path?: string | null; /** Of a task the output, of a recipe the folder; default as when it is run. */ output_path?: string | null; };

export type RecipeStep = { /** Name of the step within the recipe. */ id: string; /** Name of the task; GET /api/tasks lists them. */ task: string; /** Parameters of the task. */ params: Record<string, unknown>; /** Name of the file or folder in the output folder; default the id with the fitting extension. */ output?: string; /** `source`, or the id of the step whose output this one reads; default `source`. */ from: string; };

export type Recipe = { /** One line for lists. */ title?: string; /** What it is for. */ description?: string; steps: RecipeStep[]; };

export type Problem = { /** A URN that names the kind of problem. */ type: string; title: string; status: number; /** From the table of errors; never reused for another meaning. */ code: "invalid_request" | "invalid_params" | "invalid_config" | "unknown_task" | "forbidden_option" | "path_outside_storage" | "input_not_found" | "input_required" | "not_found" | "job_not_found" | "invalid_recipe" | "recipe_not_found" | "run_not_found" | "worker_not_found" | "output_not_found" | "no_preview" | "conflict" | "in_use" | "output_exists" | "payload_too_large" | "upload_not_found" | "no_direct_access" | "upload_incomplete" | "unsupported_content_type" | "range_not_satisfiable" | "unauthorized" | "forbidden" | "key_not_found" | "delivery_not_found" | "quota_exceeded" | "cross_site_request" | "method_not_allowed" | "request_timeout" | "rate_limited" | "unsupported_media" | "no_video_stream" | "no_audio_stream" | "corrupt_media" | "unsupported_output" | "encoder_unavailable" | "checksum_mismatch" | "invalid_manifest" | "integrity_failed" | "not_compliant" | "output_verification_failed" | "blocked_address" | "download_failed" | "download_refused" | "download_too_large" | "crashed" | "out_of_memory" | "timed_out" | "parent_failed" | "canceled" | "lease_lost" | "disk_full" | "output_not_writable" | "engine_failed" | "queue_unavailable" | "storage_unavailable" | "storage_denied" | "bucket_not_found" | "unsupported_runtime" | "tool_unavailable" | "internal"; /** What happened this time. */ detail: string; /** What to do about it. */ next: string; /** The same as detail. */ error: string; };

export type Failure = { code: "invalid_request" | "invalid_params" | "invalid_config" | "unknown_task" | "forbidden_option" | "path_outside_storage" | "input_not_found" | "input_required" | "not_found" | "job_not_found" | "invalid_recipe" | "recipe_not_found" | "run_not_found" | "worker_not_found" | "output_not_found" | "no_preview" | "conflict" | "in_use" | "output_exists" | "payload_too_large" | "upload_not_found" | "no_direct_access" | "upload_incomplete" | "unsupported_content_type" | "range_not_satisfiable" | "unauthorized" | "forbidden" | "key_not_found" | "delivery_not_found" | "quota_exceeded" | "cross_site_request" | "method_not_allowed" | "request_timeout" | "rate_limited" | "unsupported_media" | "no_video_stream" | "no_audio_stream" | "corrupt_media" | "unsupported_output" | "encoder_unavailable" | "checksum_mismatch" | "invalid_manifest" | "integrity_failed" | "not_compliant" | "output_verification_failed" | "blocked_address" | "download_failed" | "download_refused" | "download_too_large" | "crashed" | "out_of_memory" | "timed_out" | "parent_failed" | "canceled" | "lease_lost" | "disk_full" | "output_not_writable" | "engine_failed" | "queue_unavailable" | "storage_unavailable" | "storage_denied" | "bucket_not_found" | "unsupported_runtime" | "tool_unavailable" | "internal"; title: string; detail: string; next: string; retryable: boolean; /** Of a source that breaks off: at_s, announced_s, found_s, announced_frames, found_frames, stream. attempts_same_place: attempts that ended like this one. */ facts?: Record<string, unknown>; /** FFmpeg's last lines, or those of the job's process. */ log?: string[]; /** Ways out, best first. */ suggestions?: { title: string; reason: string; /** `retry_with`: again with these params, output_path and timeout_seconds. `run_task`: that task on the same source. `open`: what only a person can do. */ kind: "retry" | "retry_with" | "run_task" | "open"; /** What `open` opens. */ target?: "upload" | "task" | "params" | "system" | "job"; task?: string; params?: Record<string, unknown>; /** Empty: let the program name it. */ output_path?: string; timeout_seconds?: number; /** The one to try first; at most one is. */ primary: boolean; }[]; };

export type Progress = { /** 0 to 100; null while the total is unknown. */ percent: number | null; stage?: string; fps?: number; /** Media seconds per second. */ speed?: number; eta_seconds?: number; bytes_done?: number; };

export type JobPlan = { source_kind: ("video" | "audio" | "image" | "other") | null; /** Such as `1:05 · H.264 1920×1080 · 25 fps · AAC stereo`. */ source: string | null; duration_s: number | null; /** How much of the source is touched; `file` for tasks on bytes. */ reads: "file" | "header" | "packets" | "seek" | "decode"; steps: { /** Such as video, audio, copy, images, loudness. */ kind: string; stream: number | null; /** Codec in the source. */ from: string | null; /** Encoder or format. */ to: string | null; detail: string | null; }[]; };

export type JobResult = { success: true; message: string; output_path: string | null; outputs: { name: string; size_bytes: number; media_type: string; }[]; /** With further numbers of the task. */ metrics: { duration_ms: number; input_size_bytes: number; output_size_bytes: number; [key: string]: number; }; /** The task's own result. */ data: Record<string, unknown>; warnings: string[]; };

export type JobRun = { /** The same for all steps of the run; GET /api/jobs?run= lists them. */ id: string; /** Name of the recipe and its version, as web-video@3; null for one that was given inline. */ recipe: string | null; /** Id of the step in the recipe. */ step: string; /** Steps of a run with the same pass read the source together; null for one that goes alone. */ pass: string | null; };

export type Job = { id: string; status: "queued" | "scheduled" | "deferred" | "started" | "finished" | "failed" | "canceled"; task: string; input_path: string | null; output_path: string | null; params: Record<string, unknown>; priority: number; /** Attempts begun. */ attempts: number; max_attempts: number; timeout_seconds: number | null; depends_on: string[]; on_parent_failure: "wait" | "fail"; idempotency_key: string | null; /** How many jobs started one another before this one. */ chain_depth: number; /** Id of the API key that handed it in. */ owner: string | null; /** Told when the job has ended. */ webhook_url: string | null; created_at: string; enqueued_at: string | null; scheduled_at: string | null; started_at: string | null; ended_at: string | null; worker: string | null; cancel_requested: boolean; /** Numbers stored by report_metrics. */ reported_metrics: Record<string, number>; run: JobRun | null; /** What the client called the input. Text, never a path. */ input_name: string | null; /** Of all inputs; null until they are known. */ input_size_bytes: number | null; plan: JobPlan | null; progress: Progress | null; result: JobResult | null; error: Failure | null; timeline: { at: string; event: string; attempt?: number; worker?: string; detail?: string; /** Of the failure that ended the attempt or the job. */ code?: string; /** Who asked for it. */ by?: "api" | "cli" | "page"; }[]; };

export type Counts = Record<string, number>;

export type Accepted = { job_id: string; status: "queued" | "scheduled" | "deferred" | "started" | "finished" | "failed" | "canceled"; };

export type Upload = { file_id: string; /** Generated; the extension comes from the content. */ filename: string; path: string; size_bytes: number; sha256: string; /** What the client called it, without folders and control characters. Text, never a path. */ original_name?: string | null; };

export type Task = { name: string; title: string; description: string; /** JSON Schema. */ params: Record<string, unknown>; input: { kind: "media" | "file" | "file_or_directory" | "none"; }; output: { kind: "file" | "directory" | "none"; extensions: string[]; }; example: { params: Record<string, unknown>; /** Data of the result, long lists cut. */ result?: Record<string, unknown>; }; };

export type LogLine = { seq: number; at: string; level: string; text: string; attempt: number; };

export type Worker = { id: string; host: string; pid: number; started_at: string; jobs: string[]; concurrency: number; /** Of these places, how many are taken; jobs that share a read take one together. */ busy?: number; state: "running" | "draining" | "paused"; /** Why it is paused, or what it waits for before it takes the next job. */ detail?: string; /** Resident memory of the worker and its job processes. */ memory_bytes?: number; /** Jobs one after the other that failed for reasons that point at its machine. */ failed_in_a_row?: number; /** The jobs it runs now. */ current?: { id: string; task: string; attempt: number; started_at: string; }[]; };

export type QueueState = { /** Nothing new is started; what runs goes on, and jobs are taken in. */ paused: boolean; reason: string | null; since: string | null; };

export type DirectUpload = { /** Names the file when it is registered. */ file_id: string; /** To be sent back as it is; null when all goes to one link. */ upload_id: string | null; method: "PUT"; /** Bytes of each part but the last. */ part_bytes: number; parts: { number: number; url: string; }[]; expires_at: string; };

export type RunSample = { /** Seconds since the attempt began. */ t_s: number; percent: number | null; fps: number | null; /** Media seconds per second. */ speed: number | null; /** Resident memory of the job's process. */ memory_bytes: number | null; };

export type FileInfo = { /** Null for a file that was not uploaded. */ file_id: string | null; path: string; /** Of the stored file. */ name: string; /** What the client called it. Text, never a path. */ original_name: string | null; size_bytes: number; media_type: string; kind: "video" | "audio" | "image" | "other"; duration_s: number | null; /** Such as `1:05 · H.264 1920×1080 · 25 fps · AAC stereo`; empty for other files. */ summary: string; /** As `probe_media_file` has it; null for what is no media or cannot be read. */ source: Record<string, unknown> | null; /** Why a file that should be media cannot be read. */ problem: { code: string; title: string; detail: string; next: string; } | null; /** What is wrong with it although it can be read. */ warnings: string[]; /** Tasks that suit it, best first. */ suggestions: { task: string; title: string; /** A sentence, from what is known of the file. */ reason: string; params?: Record<string, unknown>; }[]; /** Tasks that would fail. */ unsuitable: { task: string; title: string; /** A sentence, from what is known of the file. */ reason: string; }[]; };

export type ApiKey = { id: string; name: string; scopes: ("read" | "submit" | "admin")[]; created_at: string; /** To the minute. */ last_used_at: string | null; revoked_at: string | null; webhook_url: string | null; quota_bytes: number | null; };

export type EncoderOption = { name: string; /** FFmpeg's own words. */ help: string; /** Such as "a number from 0 to 69"; empty when anything. */ takes: string; /** Words that it knows. */ values: string[]; /** Null when it is left to the encoder. */ default: string | number | null; };

export type System = { version: string; uptime_s: number; started_at: string; node: string; /** Null until it was looked at. */ ffmpeg: string | null; cpu: { cores: number; /** Of all processors, over the last seconds. */ load_percent: number | null; }; /** Of the machine, or of the container's limit where there is one. */ memory: { total_bytes: number; available_bytes: number; server_rss_bytes: number; /** Of all workers, their job processes included; 0 when they do not tell. */ workers_rss_bytes: number; }; disk: { name: "input" | "output"; path: string; free_bytes: number | null; total_bytes: number | null; }[]; storage: { type: string; }; queue: { backend: string; paused: boolean; }; /** Encoders are tried when they are first asked for, which takes seconds: ask again while `looking`. */ inspection: { state: "looking" | "ready" | "failed"; detail: string | null; }; encoders: { name: string; kind: "video" | "audio"; /** Interface that drives it, such as nvenc; null for software. */ hardware: string | null; works: boolean; /** Why it does not work here. */ reason: string | null; }[]; /** Of hardware; what it does not decode is decoded in software. */ decoders: { /** Such as nvdec. */ name: string; /** That it decodes here, each tried and compared with software. */ codecs: string[]; /** Codecs that come out differently than in software: with one, it decodes nothing. */ differs: string[]; /** Why it decodes nothing; null when it does. */ reason: string | null; }[]; /** In force since the start; passwords and secrets are masked. */ settings: { key: string; value: unknown; origin: "flag" | "environment" | "file" | "default"; description: string; }[]; };

export type SystemHistory = { /** Seconds from point to point; what was not looked at is missing. */ step_s: number; points: { at: string; /** Queued, scheduled and deferred. */ waiting: number; started: number; /** Since the point before. */ finished: number; /** Since the point before. */ failed: number; cpu_percent: number | null; /** In use on the machine. */ memory_bytes: number; disk_free_bytes: number | null; }[]; };

export type PlanAnswer = { source: { name: string; size_bytes: number | null; duration_s: number | null; summary: string; } | null; /** In the order of their first steps. */ passes: { reads: "file" | "header" | "packets" | "seek" | "decode"; /** `source`, or the step whose output is read. */ from: string; /** 0 to 1: largest share of the frames of any stream. Null: known when the step before is done. */ decoded_share: number | null; decoded: { stream: number; kind: "video" | "audio"; codec: string | null; share: number; }[]; /** What is done in this pass. */ steps: string[]; }[]; steps: { id: string; task: string; from: string; /** Path of what it writes; without an output_path the name in the folder of the run, null for a task. */ output: string | null; /** Null when it is known only with what an earlier step makes, or the step cannot work. */ plan: JobPlan | null; /** It goes over the source again, in ways that depend on what it finds. */ more: boolean; /** Null with fewer than three finished jobs of this task. */ predicted: { /** Of the output. */ size_bytes: number | null; /** Seconds it will run, alone. */ duration_s: number | null; /** Most resident memory. */ memory_bytes: number | null; /** Finished jobs of this task that it was learned from; medians. */ from_runs: number; } | null; warnings: string[]; /** Why it would fail on this source. */ problem: { code: string; title: string; detail: string; next: string; } | null; }[]; /** About the source. */ warnings: string[]; };

export type Preview = { /** Browsers play or show the file itself. */ playable: boolean; /** Null for what is no media. */ kind: ("video" | "audio" | "image") | null; /** Of what to play: the file, or its rendition when that is ready. */ url: string | null; media_type: string | null; state: "ready" | "making" | "failed"; /** How far the rendition is, 0 to 100; null when nobody knows. */ percent: number | null; /** `url` is not the file itself: smaller, with the same times. */ rendition: boolean; /** Why there is a rendition, or why there is nothing to play. */ detail: string | null; };

export type Peaks = { duration_s: number; sample_rate: number; /** In −1…1. */ channels: { min: number[]; max: number[]; }[]; };

export type RecipeEntry = { name: string; /** 0 for one that comes with the program. */ version: number; /** It comes with the program. */ shipped: boolean; saved_at: string | null; title: string | null; description: string | null; steps: { id: string; task: string; from: string; }[]; /** Why it cannot be used, such as a task that is no more. */ problem: string | null; };

export type SavedRecipe = { name: string; /** 0 for one that comes with the program. */ version: number; /** It comes with the program. */ shipped: boolean; saved_at: string | null; /** That can be read. */ versions: number[]; recipe: Recipe; };

export type RecipeRun = { id: string; /** Name and version, as web-video@3; null for one that was given inline. */ recipe: string | null; input_path: string | null; /** What the client called the input. Text, never a path. */ input_name: string | null; /** Folder of the outputs. */ output_path: string | null; /** `queued`: nothing has begun. `started`: something is done, and not all has ended. Then, when all has ended: `finished`: every step. `partly`: some steps. `failed`, `canceled`: none. */ status: "queued" | "started" | "finished" | "partly" | "failed" | "canceled"; /** 0 to 100: the mean of the steps; what has ended counts in full. */ percent: number; created_at: string; started_at: string | null; /** Of the last step; null while one has not ended. */ ended_at: string | null; /** Parents before children. */ steps: { id: string; task: string; job_id: string; status: "queued" | "scheduled" | "deferred" | "started" | "finished" | "failed" | "canceled"; percent: number | null; /** `source`, or the step whose output it reads. */ from: string; /** Steps with the same pass read together; null for one that goes alone. */ pass: string | null; output_path: string | null; /** What it says of its result. */ message: string | null; /** Seconds from its start to its end, or until now. */ duration: number | null; error: Failure | null; }[]; /** Ids of steps that are read together. */ passes: string[][]; };

export type Session = { /** Does this server want a key at all? */ required: boolean; /** Name of the key; null while nobody is logged in. */ name: string | null; /** What may be done; empty while nobody is logged in. */ scopes: ("read" | "submit" | "admin")[]; };

export type Delivery = { /** Sent as `webhook-id`; the same in every attempt and replay. */ id: string; job_id: string; /** `job.finished`, `job.failed` or `job.canceled`. */ event: string; url: string; status: "pending" | "delivered" | "failed"; created_at: string; next_attempt_at: string | null; attempts: { at: string; http_status: number | null; duration_ms: number; error: string | null; }[]; };

export interface Operations {
  /** Is a key needed, and who is logged in */
  'GET /api/session': {
    path: {  };
    query: {  };
    body: unknown;
    answer: Session;
  };
  /** Log in with an API key */
  'POST /api/session': {
    path: {  };
    query: {  };
    body: { key: string; };
    answer: Session;
  };
  /** Log out */
  'DELETE /api/session': {
    path: {  };
    query: {  };
    body: unknown;
    answer: Session;
  };
  /** API keys, without what they are */
  'GET /api/keys': {
    path: {  };
    query: {  };
    body: unknown;
    answer: { keys: ApiKey[]; };
  };
  /** Make an API key */
  'POST /api/keys': {
    path: {  };
    query: {  };
    body: { name: string; scopes?: ("read" | "submit" | "admin")[]; /** Told of each job of this key that names no other. */ webhook_url?: string | null; /** Most bytes of uploads; default no limit. */ quota_bytes?: number | null; };
    answer: { key: ApiKey; token: string; webhook_secret: string; };
  };
  /** Revoke an API key */
  'DELETE /api/keys/{id}': {
    path: { id: string };
    query: {  };
    body: unknown;
    answer: ApiKey;
  };
  /** Webhooks that were told, or are to be told; newest first */
  'GET /api/webhooks/deliveries': {
    path: {  };
    query: { status?: "pending" | "delivered" | "failed"; job?: string; limit?: number; cursor?: string };
    body: unknown;
    answer: { deliveries: Delivery[]; next_cursor: string | null; };
  };
  /** One delivery, with what is sent */
  'GET /api/webhooks/deliveries/{id}': {
    path: { id: string };
    query: {  };
    body: unknown;
    answer: { /** Sent as `webhook-id`; the same in every attempt and replay. */ id: string; job_id: string; /** `job.finished`, `job.failed` or `job.canceled`. */ event: string; url: string; status: "pending" | "delivered" | "failed"; created_at: string; next_attempt_at: string | null; attempts: { at: string; http_status: number | null; duration_ms: number; error: string | null; }[]; payload: unknown; };
  };
  /** Tell it again */
  'POST /api/webhooks/deliveries/{id}/replay': {
    path: { id: string };
    query: {  };
    body: unknown;
    answer: Delivery;
  };
  /** Upload a file */
  'POST /api/upload': {
    path: {  };
    query: {  };
    body: unknown;
    answer: Upload;
  };
  /** Get links to upload a file straight into the bucket */
  'POST /api/uploads/presign': {
    path: {  };
    query: {  };
    body: { /** Bytes of the file. */ size_bytes: number; };
    answer: DirectUpload;
  };
  /** Register a file that was uploaded by links */
  'POST /api/uploads/presign/{file_id}/complete': {
    path: { file_id: string };
    query: {  };
    body: { /** Bytes of the file. */ size_bytes: number; /** As it was given. */ upload_id?: string | null; /** What the file is called, to be shown. */ filename?: string; };
    answer: { file_id: string; /** Generated; the extension comes from the content. */ filename: string; path: string; size_bytes: number; /** What the client called it, without folders and control characters. Text, never a path. */ original_name?: string | null; };
  };
  /** Give up an upload by links */
  'DELETE /api/uploads/presign/{file_id}': {
    path: { file_id: string };
    query: { upload_id?: string | null };
    body: unknown;
    answer: { file_id: string; };
  };
  /** Enqueue a job */
  'POST /api/enqueue': {
    path: {  };
    query: {  };
    body: SubmissionInput;
    answer: Accepted;
  };
  /** Enqueue many jobs */
  'POST /api/enqueue/batch': {
    path: {  };
    query: {  };
    body: { jobs: BatchSubmissionInput[]; };
    answer: { jobs: Accepted[]; };
  };
  /** Upload a file and enqueue a job on it */
  'POST /api/process': {
    path: {  };
    query: {  };
    body: unknown;
    answer: { job_id: string; status: "queued" | "scheduled" | "deferred" | "started" | "finished" | "failed" | "canceled"; input_path: string | null; output_path: string | null; };
  };
  /** The recipes */
  'GET /api/recipes': {
    path: {  };
    query: {  };
    body: unknown;
    answer: { recipes: RecipeEntry[]; };
  };
  /** One recipe */
  'GET /api/recipes/{name}': {
    path: { name: string };
    query: { version?: number };
    body: unknown;
    answer: SavedRecipe;
  };
  /** Save a recipe */
  'PUT /api/recipes/{name}': {
    path: { name: string };
    query: {  };
    body: RecipeInput;
    answer: SavedRecipe;
  };
  /** Remove a saved recipe */
  'DELETE /api/recipes/{name}': {
    path: { name: string };
    query: {  };
    body: unknown;
    answer: { removed: true; name: string; };
  };
  /** Can this recipe work? */
  'POST /api/recipes/lint': {
    path: {  };
    query: {  };
    body: RecipeInput;
    answer: { ok: boolean; /** All of them. */ problems: { /** Id of the step, or its number from 1; null for the recipe as a whole. */ step: string | null; field: string; message: string; }[]; };
  };
  /** Run a recipe on a file */
  'POST /api/recipes/run': {
    path: {  };
    query: {  };
    body: RecipeRunRequestInput;
    answer: RecipeRun;
  };
  /** A run of a recipe */
  'GET /api/runs/{id}': {
    path: { id: string };
    query: {  };
    body: unknown;
    answer: RecipeRun;
  };
  /** Do the steps again that failed or were canceled */
  'POST /api/runs/{id}/retry': {
    path: { id: string };
    query: {  };
    body: unknown;
    answer: RecipeRun;
  };
  /** Cancel what has not ended of a run */
  'POST /api/runs/{id}/cancel': {
    path: { id: string };
    query: {  };
    body: unknown;
    answer: RecipeRun;
  };
  /** How a task or a recipe would be done */
  'POST /api/plan': {
    path: {  };
    query: {  };
    body: PlanRequestInput;
    answer: PlanAnswer;
  };
  /** List jobs, newest first, or those that wait in their order */
  'GET /api/jobs': {
    path: {  };
    query: { status?: string | string[]; task?: string; q?: string; run?: string; created_after?: string; order?: "newest" | "next"; limit?: number; cursor?: string };
    body: unknown;
    answer: { jobs: Job[]; next_cursor: string | null; counts: Counts; };
  };
  /** One job */
  'GET /api/jobs/{id}': {
    path: { id: string };
    query: {  };
    body: unknown;
    answer: Job;
  };
  /** Forget a job */
  'DELETE /api/jobs/{id}': {
    path: { id: string };
    query: { files?: string };
    body: unknown;
    answer: { removed: true; job_id: string; files_removed: boolean; };
  };
  /** How many jobs there are */
  'GET /api/jobs/counts': {
    path: {  };
    query: { task?: string; q?: string; run?: string; created_after?: string; by?: "task" };
    body: unknown;
    answer: { status: Counts; task?: Record<string, Counts>; };
  };
  /** How the last attempt of a job went, over time */
  'GET /api/jobs/{id}/series': {
    path: { id: string };
    query: {  };
    body: unknown;
    answer: { samples: RunSample[]; };
  };
  /** Lines the job has logged */
  'GET /api/jobs/{id}/logs': {
    path: { id: string };
    query: { after?: number };
    body: unknown;
    answer: { lines: LogLine[]; };
  };
  /** Cancel, retry or delete many jobs */
  'POST /api/jobs/actions': {
    path: {  };
    query: {  };
    body: { action: "cancel" | "retry" | "delete"; /** These jobs. */ ids?: string[]; /** All jobs that match. */ filter?: { /** Default: for `cancel` all that have not ended, for `retry` failed, for `delete` all that have ended. */ status?: ("queued" | "scheduled" | "deferred" | "started" | "finished" | "failed" | "canceled")[]; task?: string; /** Text in id, task, paths or error. */ q?: string; /** Only jobs created then or later, such as 2026-01-31T00:00:00Z. */ created_after?: string; /** Only jobs that had ended by then. For those who look first and act later. */ ended_before?: string; }; };
    answer: { done: number; /** Of what was done, 1000 at most. */ ids: string[]; /** Jobs with which it could not be done, and why, 1000 at most. */ refused: { id: string; code: string; detail: string; }[]; };
  };
  /** Cancel a job */
  'POST /api/jobs/{id}/cancel': {
    path: { id: string };
    query: {  };
    body: unknown;
    answer: Job;
  };
  /** Run an ended job again */
  'POST /api/jobs/{id}/retry': {
    path: { id: string };
    query: {  };
    body: unknown;
    answer: Job;
  };
  /** The output of a job */
  'GET /api/jobs/{id}/output': {
    path: { id: string };
    query: { download?: string; presigned?: string };
    body: unknown;
    answer: { output_path: string; outputs: { name: string; size_bytes: number; media_type: string; url: string; }[]; };
  };
  /** One file of an output */
  'GET /api/jobs/{id}/output/{*}': {
    path: { id: string; "*": string };
    query: { download?: string; presigned?: string };
    body: unknown;
    answer: { output_path: string; outputs: { name: string; size_bytes: number; media_type: string; url: string; }[]; };
  };
  /** What an uploaded file is, and what suits it */
  'GET /api/files/{file_id}/info': {
    path: { file_id: string };
    query: {  };
    body: unknown;
    answer: FileInfo;
  };
  /** What a stored file is, and what suits it */
  'POST /api/files/info': {
    path: {  };
    query: {  };
    body: { /** A file_id, or any path of the storage. */ path: string; };
    answer: FileInfo;
  };
  /** A picture of an uploaded file */
  'GET /api/files/{file_id}/poster': {
    path: { file_id: string };
    query: { width?: number; at?: number };
    body: unknown;
    answer: unknown;
  };
  /** Stills of an uploaded video beside each other */
  'GET /api/files/{file_id}/strip': {
    path: { file_id: string };
    query: { count?: number; height?: number };
    body: unknown;
    answer: unknown;
  };
  /** What a job was made from */
  'GET /api/jobs/{id}/input': {
    path: { id: string };
    query: { download?: string };
    body: unknown;
    answer: unknown;
  };
  /** A picture of the output, or of the source, of a job */
  'GET /api/jobs/{id}/poster': {
    path: { id: string };
    query: { width?: number; at?: number; of?: "result" | "source"; name?: string };
    body: unknown;
    answer: unknown;
  };
  /** Stills of a video beside each other */
  'GET /api/jobs/{id}/strip': {
    path: { id: string };
    query: { count?: number; height?: number; of?: "result" | "source"; name?: string };
    body: unknown;
    answer: unknown;
  };
  /** How to play the output, or the source, of a job in a browser */
  'GET /api/jobs/{id}/preview': {
    path: { id: string };
    query: { of?: "result" | "source"; name?: string };
    body: unknown;
    answer: Preview;
  };
  /** The rendition of an output, or of a source */
  'GET /api/jobs/{id}/preview/file': {
    path: { id: string };
    query: { of?: "result" | "source"; name?: string };
    body: unknown;
    answer: unknown;
  };
  /** The sound of the output, or of the source, for drawing */
  'GET /api/jobs/{id}/peaks': {
    path: { id: string };
    query: { of?: "result" | "source"; name?: string; samples?: number };
    body: unknown;
    answer: Peaks;
  };
  /** Events of all jobs */
  'GET /api/events': {
    path: {  };
    query: {  };
    body: unknown;
    answer: unknown;
  };
  /** Events of one job */
  'GET /api/jobs/{id}/events': {
    path: { id: string };
    query: {  };
    body: unknown;
    answer: unknown;
  };
  /** Is the queue paused, and what does it hold */
  'GET /api/queue': {
    path: {  };
    query: {  };
    body: unknown;
    answer: unknown;
  };
  /** Start nothing new */
  'POST /api/queue/pause': {
    path: {  };
    query: {  };
    body: { /** Shown wherever the pause is shown. */ reason?: string; } | null;
    answer: QueueState;
  };
  /** Start jobs again */
  'POST /api/queue/resume': {
    path: {  };
    query: {  };
    body: unknown;
    answer: QueueState;
  };
  /** Workers that are alive */
  'GET /api/workers': {
    path: {  };
    query: {  };
    body: unknown;
    answer: { workers: Worker[]; };
  };
  /** Let one worker take no more jobs */
  'POST /api/workers/{id}/pause': {
    path: { id: string };
    query: {  };
    body: { /** Shown wherever the pause is shown. */ reason?: string; } | null;
    answer: { worker_id: string; /** What is wanted of it; the worker follows within moments. */ state: "running" | "paused"; };
  };
  /** Let a paused worker take jobs again */
  'POST /api/workers/{id}/resume': {
    path: { id: string };
    query: {  };
    body: unknown;
    answer: { worker_id: string; /** What is wanted of it; the worker follows within moments. */ state: "running" | "paused"; };
  };
  /** What can be done, with the JSON Schema of the params */
  'GET /api/tasks': {
    path: {  };
    query: {  };
    body: unknown;
    answer: Record<string, Task[]>;
  };
  /** How busy it is */
  'GET /api/stats': {
    path: {  };
    query: {  };
    body: unknown;
    answer: { version: string; started_at: string; uptime_seconds: number; queue: QueueState; jobs: Counts; workers: { count: number; /** Jobs that run now. */ busy: number; /** Jobs that can run at a time. */ concurrency: number; }; machine: { cpus: number; /** Of all processors since the last request; null at first. */ cpu_percent: number | null; /** Over 1, 5 and 15 minutes. */ load_average: number[]; memory_total_bytes: number; memory_free_bytes: number; /** Resident memory of this process. */ process_memory_bytes: number; }; storage: { free_bytes: number | null; }; };
  };
  /** Metrics for Prometheus */
  'GET /metrics': {
    path: {  };
    query: {  };
    body: unknown;
    answer: unknown;
  };
  /** The process answers */
  'GET /healthz': {
    path: {  };
    query: {  };
    body: unknown;
    answer: { status: "ok"; version: string; };
  };
  /** Queue and storage work */
  'GET /readyz': {
    path: {  };
    query: {  };
    body: unknown;
    answer: { status: "ready"; };
  };
  /** What an encoder can be told */
  'GET /api/encoders/{name}/options': {
    path: { name: string };
    query: {  };
    body: unknown;
    answer: { encoder: string; options: EncoderOption[]; };
  };
  /** The installation: machine, storage, queue, encoders, settings */
  'GET /api/system': {
    path: {  };
    query: {  };
    body: unknown;
    answer: System;
  };
  /** How busy it was */
  'GET /api/system/history': {
    path: {  };
    query: { minutes?: number };
    body: unknown;
    answer: SystemHistory;
  };
  /** Begin an upload that can be resumed */
  'POST /api/uploads': {
    path: {  };
    query: {  };
    body: unknown;
    answer: unknown;
  };
  /** Go on with an upload */
  'PATCH /api/uploads/{id}': {
    path: { id: string };
    query: {  };
    body: unknown;
    answer: unknown;
  };
  /** Go on with an upload */
  'DELETE /api/uploads/{id}': {
    path: { id: string };
    query: {  };
    body: unknown;
    answer: unknown;
  };
  /** What an upload became */
  'GET /api/uploads/{id}/file': {
    path: { id: string };
    query: {  };
    body: unknown;
    answer: Upload;
  };
}
