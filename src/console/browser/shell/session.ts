import { createContext, useContext } from "react";
import type { Answer, Operation } from "../api/call.ts";
import { useApi } from "../api/use-api.ts";

export type Person = { me: Answer<"me.get">; session: Answer<"session.get"> };

const PersonContext = createContext<Person | undefined>(undefined);
export const PersonProvider = PersonContext.Provider;

/** Who is signed in. */
export function usePerson(): Person {
  const person = useContext(PersonContext);
  if (person === undefined) throw new Error("nobody is signed in");
  return person;
}

export type Capability = {
  operation: string;
  permission: string | null;
  allowed: boolean;
  anywhere: boolean;
  refusal: { message?: string; detail?: string } | null;
};

/** Every button of an operation asks: what one answer comes to is worked out once. */
const worked = new WeakMap<object, ReadonlyMap<Operation, Capability>>();

/** What the person may do, by operation; undefined while it is not known yet. */
export function useCapabilities(): ReadonlyMap<Operation, Capability> | undefined {
  const { data } = useApi("me.capabilities", {});
  if (data === undefined || !("data" in data)) return undefined;
  const made =
    worked.get(data) ?? new Map(data.data.map((one) => [one.operation as Operation, one as unknown as Capability]));
  worked.set(data, made);
  return made;
}
