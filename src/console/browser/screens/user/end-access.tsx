import { Alert, Button, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { useNavigate } from "react-router";
import { call } from "../../api/call.ts";
import type { User } from "../../api/operations.gen.ts";
import { ActButton } from "../../parts/act-button.tsx";
import { Consequence } from "../../parts/consequence.tsx";
import { useAct } from "../../parts/use-act.tsx";
import { useTrial } from "../../parts/use-trial.ts";
import { useTexts } from "../../texts/texts.ts";

export type Ending = "suspend" | "deactivate" | "revoke-access" | "remove" | "erase";

const OPERATIONS = {
  suspend: "users.suspend",
  deactivate: "users.deactivate",
  "revoke-access": "users.revokeAccess",
  remove: "users.remove",
  erase: "users.erase",
} as const;

/** The way back of each; where there is none, the dialog says so. */
const INVERSES = {
  suspend: "users.restore",
  deactivate: "users.reactivate",
  "revoke-access": null,
  remove: "users.undoRemove",
  erase: null,
} as const;

/** What ends a person's access: first what it brings, then the one button that does it. */
export function EndAccess({ user, ending, close }: { user: User; ending: Ending; close: () => void }) {
  const { t, word } = useTexts();
  const act = useAct();
  const navigate = useNavigate();
  const [reason, setReason] = useState("");
  const [busy, setBusy] = useState(false);
  const operation = OPERATIONS[ending];
  const inverse = INVERSES[ending];
  const params = { id: user.id };
  const found = useTrial(operation, { params, ...(ending !== "erase" && { body: {} }) });
  const title = ending === "erase" ? t("user.erase") : word("users", ending);
  const end = async (): Promise<void> => {
    setBusy(true);
    const body = reason.trim() === "" ? {} : { reason: reason.trim() };
    const done = await act(
      operation,
      { params, ...(ending !== "erase" && { body }) },
      t(`user.did-${ending}`, { name: user.userName }),
      inverse === null ? undefined : () => call(inverse, { params }),
    );
    setBusy(false);
    if (done === undefined) return;
    if (ending === "erase") void navigate("/users");
    else close();
  };
  return (
    <Modal opened onClose={close} title={title} size="lg" closeButtonProps={{ "aria-label": t("shared.close") }}>
      <Stack>
        <Text>{ending === "erase" ? t("user.eraseMeans") : word("users", `${ending}Means`)}</Text>
        <Consequence of={found} />
        {inverse === null && <Alert color="red">{t("user.noUndo")}</Alert>}
        {ending !== "erase" && (
          <TextInput
            label={t("shared.reason")}
            description={t("shared.reasonHint")}
            maxLength={500}
            value={reason}
            data-autofocus
            onChange={(event) => setReason(event.currentTarget.value)}
          />
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            {t("shared.cancel")}
          </Button>
          <ActButton
            operation={operation}
            loading={busy}
            disabled={found.problem !== null}
            onClick={() => void end()}
            {...(inverse === null && { color: "red" })}
          >
            {title}
          </ActButton>
        </Group>
      </Stack>
    </Modal>
  );
}
