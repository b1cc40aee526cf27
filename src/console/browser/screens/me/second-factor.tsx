import { Button, Code, Group, Paper, Stack, Text, TextInput, Title } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useChange } from "../../api/use-api.ts";
import { Chip } from "../../parts/chip.tsx";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { useAct } from "../../parts/use-act.tsx";
import { usePerson } from "../../shell/session.ts";
import { useTexts } from "../../texts/texts.ts";

/** A code of an authenticator beside the password, and the recovery codes for the day when it is lost. */
export function SecondFactor() {
  const { t } = useTexts();
  const { session } = usePerson();
  const act = useAct();
  const begin = useChange("session.beginSecondFactor");
  const confirm = useChange("session.confirmSecondFactor");
  const renew = useChange("session.renewRecoveryCodes");
  const [code, setCode] = useState("");
  const codes = confirm.data?.recoveryCodes ?? renew.data?.recoveryCodes;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    confirm.mutate({ body: { code: code.replaceAll(/\s/g, "") } }, { onSuccess: () => begin.reset() });
  };
  const problem = begin.error ?? confirm.error ?? renew.error;
  return (
    <Paper withBorder p="md" component="section">
      <Group gap="sm" mb="sm">
        <Title order={2} size="h3">
          {t("me.secondFactor")}
        </Title>
        <Chip
          meaning={session.secondFactor ? "good" : "attention"}
          label={t(session.secondFactor ? "me.secondFactorOn" : "me.secondFactorOff")}
        />
      </Group>
      <Stack>
        <Text c="dimmed">{t("me.secondFactorMeans")}</Text>
        {problem && <ProblemNotice problem={problem} />}
        {codes && <Codes codes={codes} />}
        {begin.data && (
          <form onSubmit={submit}>
            <Stack>
              <Text>{t("me.scan")}</Text>
              <Code block aria-label={t("me.secret")}>
                {begin.data.secret}
              </Code>
              <Text>
                <a href={begin.data.uri}>{t("me.openAuthenticator")}</a>
              </Text>
              <TextInput
                label={t("me.code")}
                inputMode="numeric"
                autoComplete="one-time-code"
                required
                value={code}
                onChange={(event) => setCode(event.currentTarget.value)}
              />
              <Group justify="flex-end">
                <Button variant="default" onClick={() => begin.reset()}>
                  {t("shared.cancel")}
                </Button>
                <Button type="submit" loading={confirm.isPending}>
                  {t("me.turnOn")}
                </Button>
              </Group>
            </Stack>
          </form>
        )}
        {!begin.data && (
          <Group gap="sm">
            {session.secondFactor ? (
              <>
                <Text>{t("me.codesLeft", { n: session.recoveryCodes })}</Text>
                <Button variant="default" loading={renew.isPending} onClick={() => renew.mutate({})}>
                  {t("me.renewCodes")}
                </Button>
                <Button
                  variant="default"
                  onClick={() => {
                    confirm.reset();
                    renew.reset();
                    void act("session.removeSecondFactor", {}, t("me.turnedOff"));
                  }}
                >
                  {t("me.turnOff")}
                </Button>
              </>
            ) : (
              <Button loading={begin.isPending} onClick={() => begin.mutate({})}>
                {t("me.setUpSecondFactor")}
              </Button>
            )}
          </Group>
        )}
      </Stack>
    </Paper>
  );
}

/** Shown once: whoever loses them and the authenticator needs another administrator. */
function Codes({ codes }: { codes: readonly string[] }) {
  const { t } = useTexts();
  return (
    <section aria-label={t("me.recoveryCodes")}>
      <Text fw={600}>{t("me.recoveryCodes")}</Text>
      <Text c="dimmed">{t("me.recoveryCodesMeans")}</Text>
      <Code block>{codes.join("\n")}</Code>
    </section>
  );
}
