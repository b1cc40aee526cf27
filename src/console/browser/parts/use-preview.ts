import { useRef, useState } from "react";
import { type Asked, type Operation, Problem, type Trial, tryOut } from "../api/call.ts";

/** What a change would do, looked at before it is made. Only the answer to the last question is shown. */
export function usePreview<O extends Operation>(operation: O) {
  const [seen, setSeen] = useState<{ trial: Trial<O> | null; problem: Problem | null; busy: boolean }>({
    trial: null,
    problem: null,
    busy: false,
  });
  const asking = useRef(0);
  const clear = (): void => {
    asking.current += 1;
    setSeen({ trial: null, problem: null, busy: false });
  };
  const look = async (asked: Asked<O>): Promise<void> => {
    asking.current += 1;
    const own = asking.current;
    setSeen((before) => ({ ...before, problem: null, busy: true }));
    const tell = (trial: Trial<O> | null, problem: Problem | null): void => {
      if (own === asking.current) setSeen({ trial, problem, busy: false });
    };
    try {
      tell(await tryOut(operation, asked), null);
    } catch (error) {
      tell(null, error instanceof Problem ? error : new Problem(0, { detail: String(error) }));
    }
  };
  return { ...seen, look, clear };
}
