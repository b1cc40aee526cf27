import { Button, type ButtonProps, Tooltip } from "@mantine/core";
import type { ReactNode } from "react";
import type { Operation } from "../api/call.ts";
import { useCapabilities } from "../shell/session.ts";
import { useTexts } from "../texts/texts.ts";

/** Why the person cannot do this; null: they can. A setting in the way is told before a missing right. */
export function useWhyNot(operation: Operation): string | null {
  const { t } = useTexts();
  const found = useCapabilities()?.get(operation);
  if (found === undefined) return null;
  if (found.refusal) return found.refusal.message ?? "";
  return found.allowed || found.anywhere ? null : t("shared.needs", { permission: found.permission ?? "" });
}

type Props = ButtonProps & {
  operation: Operation;
  onClick?: () => void;
  children: ReactNode;
  type?: "button" | "submit";
};

/** A button for an operation. Who may not press it reads why, by pointer and by keyboard. */
export function ActButton({ operation, onClick, children, type = "button", ...look }: Props) {
  const { t } = useTexts();
  const why = useWhyNot(operation);
  if (why === null)
    return (
      <Button type={type} onClick={onClick} {...look}>
        {children}
      </Button>
    );
  return (
    <Tooltip label={t("shared.whyNot", { why })}>
      <Button
        {...look}
        // A button that is off altogether is passed over by the keyboard, and its reason with it.
        disabled={false}
        type="button"
        data-disabled
        aria-disabled
        onClick={(event) => event.preventDefault()}
      >
        {children}
      </Button>
    </Tooltip>
  );
}
