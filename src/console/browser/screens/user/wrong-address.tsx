import { Button, Drawer, Group, Radio, Stack, Text, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useNavigate } from "react-router";
import { type AddressRepair, REPAIRS, type User } from "../../api/operations.gen.ts";
import { ActButton } from "../../parts/act-button.tsx";
import { Consequence } from "../../parts/consequence.tsx";
import { useAct } from "../../parts/use-act.tsx";
import { useTrial } from "../../parts/use-trial.ts";
import { useTexts } from "../../texts/texts.ts";
import { MergedFacts } from "./merged-facts.tsx";

/** The right address, then the way that fits with what it comes to; another way can be chosen. */
export function WrongAddress({ user, close }: { user: User; close: () => void }) {
  const { t, word } = useTexts();
  const act = useAct();
  const navigate = useNavigate();
  const [typed, setTyped] = useState("");
  const [email, setEmail] = useState("");
  const [repair, setRepair] = useState<AddressRepair["repair"]>();
  const params = { id: user.id };
  const body = { email, ...(repair && { repair }) };
  const tried = useTrial("users.wrongAddress", { params, body }, { enabled: email !== "" });
  const found = tried.trial?.result;
  const look = (event: FormEvent): void => {
    event.preventDefault();
    setRepair(undefined);
    setEmail(typed.trim());
  };
  const mend = async (): Promise<void> => {
    const done = await act("users.wrongAddress", { params, body }, t("user.mended", { email }));
    if (done === undefined) return;
    if (done.right !== null && done.right !== user.id) void navigate(`/users/${done.right}`);
    else close();
  };
  return (
    <Drawer
      opened
      onClose={close}
      title={t("user.wrongAddress")}
      closeButtonProps={{ "aria-label": t("shared.close") }}
    >
      <Stack>
        <form onSubmit={look}>
          <Stack>
            <Text>{t("user.wrongAddressMeans", { wrong: user.email ?? user.userName })}</Text>
            <TextInput
              type="email"
              label={t("user.rightAddress")}
              autoComplete="off"
              required
              data-autofocus
              value={typed}
              onChange={(event) => setTyped(event.currentTarget.value)}
            />
            <Group justify="flex-end">
              <Button type="submit" variant={email === "" ? "filled" : "default"} loading={tried.busy}>
                {t("user.findWay")}
              </Button>
            </Group>
          </Stack>
        </form>
        {email !== "" && (
          <>
            <Radio.Group
              label={t("user.way")}
              value={repair ?? found?.repair ?? ""}
              onChange={(value) => setRepair(REPAIRS.find((one) => one === value))}
            >
              <Stack gap="xs" mt="xs">
                {REPAIRS.map((one) => (
                  <Radio
                    key={one}
                    value={one}
                    label={word("user", `repair-${one}`)}
                    description={word("user", `repair-${one}Means`)}
                  />
                ))}
              </Stack>
            </Radio.Group>
            {found && <Text>{found.why}</Text>}
            <Consequence of={tried} />
            {found && <MergedFacts facts={found.facts} />}
            <Group justify="flex-end">
              <Button variant="default" onClick={close}>
                {t("shared.cancel")}
              </Button>
              <ActButton operation="users.wrongAddress" disabled={found === undefined} onClick={() => void mend()}>
                {t("user.mend")}
              </ActButton>
            </Group>
          </>
        )}
      </Stack>
    </Drawer>
  );
}
