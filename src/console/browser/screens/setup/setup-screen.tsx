import { Alert, Button, Center, Paper, Stack, Text, TextInput, Title } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useNavigate } from "react-router";
import { call, Problem, session } from "../../api/call.ts";
import { faultAt } from "../../parts/fault-at.ts";
import { PasswordField } from "../../parts/password-field.tsx";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { useTexts } from "../../texts/texts.ts";

/** Takes the token out of the address before anything else can read it there: history, a copied link, a shot of the screen. */
function takeToken(): string {
  const token = location.hash.slice(1);
  if (token !== "") history.replaceState(history.state, "", location.pathname);
  return token;
}

/** The first run: the organization with its first site, and who administers it. Ends signed in, on the overview. */
export function SetupScreen() {
  const { t } = useTexts();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [token] = useState(takeToken);
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const setUp = async (form: FormData): Promise<void> => {
    const text = (name: string) => String(form.get(name) ?? "").trim();
    const [name, email, password] = [text("name"), text("email"), String(form.get("password"))];
    const organization = { key: text("key"), ...(name !== "" && { name }) };
    setBusy(true);
    setProblem(undefined);
    try {
      const { administrator } = await call("setup.run", {
        body: { token, organization, administrator: { email, password } },
      });
      const begun = await call("session.begin", {
        body: { userName: administrator.userName, organization: organization.key, password },
      });
      session.csrfToken = begun.csrfToken;
      const site = text("site");
      if (site !== "" && site !== organization.key) await call("sites.create", { body: { key: site } });
      await queries.resetQueries();
      void navigate("/overview");
    } catch (refused) {
      setProblem(refused instanceof Problem ? refused : new Problem(0, { detail: String(refused) }));
    } finally {
      setBusy(false);
    }
  };
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    void setUp(new FormData(event.currentTarget));
  };
  return (
    <Center component="main" mih="100dvh" p="md">
      <Paper withBorder p="xl" w="100%" maw={480}>
        <form onSubmit={submit}>
          <Stack>
            <Title order={1}>{t("setup.title")}</Title>
            <Text c="dimmed">{t("setup.means")}</Text>
            {token === "" && <Alert color="yellow">{t("setup.noToken")}</Alert>}
            {problem && <ProblemNotice problem={problem} />}
            <TextInput
              name="key"
              label={t("setup.key")}
              description={t("setup.keyMeans")}
              autoComplete="off"
              required
              error={faultAt(problem, "/organization/key")}
            />
            <TextInput
              name="name"
              label={t("setup.name")}
              autoComplete="organization"
              error={faultAt(problem, "/organization/name")}
            />
            <TextInput name="site" label={t("setup.site")} description={t("setup.siteMeans")} autoComplete="off" />
            <TextInput
              name="email"
              type="email"
              label={t("setup.email")}
              autoComplete="username"
              required
              error={faultAt(problem, "/administrator/email")}
            />
            <PasswordField
              name="password"
              label={t("setup.password")}
              isNew
              problem={problem}
              at="/administrator/password"
            />
            <Button type="submit" loading={busy} disabled={token === ""}>
              {t("setup.submit")}
            </Button>
          </Stack>
        </form>
      </Paper>
    </Center>
  );
}
