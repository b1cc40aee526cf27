import { PasswordInput } from "@mantine/core";
import type { Problem } from "../api/call.ts";
import { faultAt } from "./fault-at.ts";

type Props = {
  name: string;
  label: string;
  /** One that is being chosen: whatever keeps passwords in the browser offers one instead of filling in the old. */
  isNew?: boolean;
  problem?: Problem | undefined;
  /** Where a problem of the API names it, as a JSON pointer. */
  at?: string;
};

/** A password in a form. */
export function PasswordField({ name, label, isNew = false, problem, at }: Props) {
  return (
    <PasswordInput
      name={name}
      label={label}
      autoComplete={isNew ? "new-password" : "current-password"}
      required
      error={at === undefined ? null : faultAt(problem, at)}
    />
  );
}
