import { Link } from '@tanstack/react-router';

export function Brand() {
  return (
    <Link to="/jobs" search={{}} className="flex items-center gap-2 text-[14px] font-semibold no-underline">
      <svg viewBox="0 0 18 18" width="18" height="18" aria-hidden="true">
        <path
          fill="currentColor"
          d="M8.2 8.2V1.4L2.9 4.6zM9.8 8.2h6.8l-3.2-5.3zM9.8 9.8v6.8l5.3-3.2zM8.2 9.8H1.4l3.2 5.3z"
        />
      </svg>
      Media Mill
    </Link>
  );
}
