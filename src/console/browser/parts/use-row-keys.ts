import { useEffect, useRef, useState } from "react";

/** `j`, `k`, `x` and Enter on the rows of a table, wherever on the page they are pressed outside of fields and buttons. */
export function useRowKeys({
  count,
  open,
  select,
}: {
  count: number;
  open: (at: number) => void;
  select: (at: number) => void;
}) {
  const [current, setCurrent] = useState(-1);
  const ref = useRef<HTMLElement>(null);
  useEffect(() => {
    const listen = (event: KeyboardEvent): void => {
      const target = event.target as HTMLElement;
      if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("[role=dialog]")) return;
      if (/^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) && (target as HTMLInputElement).type !== "checkbox") return;
      const to =
        event.key === "j" ? Math.min(current + 1, count - 1) : event.key === "k" ? Math.max(current - 1, 0) : undefined;
      if (to !== undefined) {
        setCurrent(to);
        ref.current?.querySelector(`[data-row="${to}"]`)?.scrollIntoView({ block: "nearest" });
      } else if (event.key === "x" && current >= 0) select(current);
      else if (event.key === "Enter" && current >= 0 && (target === document.body || target === ref.current))
        open(current);
    };
    document.addEventListener("keydown", listen);
    return () => document.removeEventListener("keydown", listen);
  });
  return { current, ref };
}
