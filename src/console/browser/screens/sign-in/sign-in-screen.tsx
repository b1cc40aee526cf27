import { Alert, Anchor, Button, Center, Divider, Group, Paper, Stack, Text, TextInput, Title } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { call, type Problem } from "../../api/call.ts";
import { PasswordField } from "../../parts/password-field.tsx";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { useTexts } from "../../texts/texts.ts";

/** The way in: password, and a code where one is asked for; the company's provider; break-glass. */
export function SignInScreen({ ended, onSignedIn }: { ended: boolean; onSignedIn: () => void }) {
  const { t } = useTexts();
  const [breakGlass, setBreakGlass] = useState(false);
  const [wantsCode, setWantsCode] = useState(false);
  const [wantsOrganization, setWantsOrganization] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string) => String(form.get(name) ?? "").trim();
    const [code, organization] = [text("code"), text("organization")];
    const proof = code === "" ? {} : /^\d{6}$/.test(code) ? { code } : { recoveryCode: code };
    const rest = { password: String(form.get("password")), ...(organization !== "" && { organization }) };
    setBusy(true);
    setProblem(undefined);
    (breakGlass
      ? call("session.breakGlass", { body: { name: text("userName"), ...rest, code } })
      : call("session.begin", { body: { userName: text("userName"), ...rest, ...proof } })
    )
      .then(onSignedIn, (refused: Problem) => {
        if (refused.code === "second-factor-required") setWantsCode(true);
        if (
          refused.document.errors?.some((one) => one.pointer === "/organization") ||
          refused.message.includes("organization")
        )
          setWantsOrganization(true);
        setProblem(refused);
      })
      .finally(() => setBusy(false));
  };
  return (
    <Center component="main" mih="100dvh" p="md">
      <Paper withBorder p="xl" w="100%" maw={400}>
        <form onSubmit={submit}>
          <Stack>
            <Group gap="sm">
              <img src="/console/mark.svg" width={32} height={32} alt="" />
              <Title order={1}>{t("signIn.title")}</Title>
            </Group>
            {ended && !problem && <Alert color="blue">{t("signIn.ended")}</Alert>}
            {problem && <ProblemNotice problem={problem} />}
            <TextInput
              name="userName"
              label={breakGlass ? t("signIn.breakGlassName") : t("signIn.userName")}
              autoComplete="username"
              required
              autoFocus
            />
            <PasswordField name="password" label={t("signIn.password")} />
            {(breakGlass || wantsCode) && (
              <TextInput name="code" label={t("signIn.code")} autoComplete="one-time-code" required={breakGlass} />
            )}
            {wantsOrganization && (
              <TextInput name="organization" label={t("signIn.organization")} autoComplete="organization" />
            )}
            <Button type="submit" loading={busy}>
              {t("signIn.submit")}
            </Button>
            <Button component="a" href="/api/v1/single-sign-on/start" variant="default">
              {t("signIn.singleSignOn")}
            </Button>
            <Anchor component="button" type="button" size="sm" onClick={() => setBreakGlass(!breakGlass)}>
              {breakGlass ? t("signIn.ordinary") : t("signIn.breakGlass")}
            </Anchor>
            <Divider />
            <Text c="dimmed">
              <Anchor href="/">{t("signIn.notHere")}</Anchor>
            </Text>
          </Stack>
        </form>
      </Paper>
    </Center>
  );
}
