import { Button, Group, List, Stack, Text, TextInput, Title } from "@mantine/core";
import { useState } from "react";
import { useApi } from "../../api/use-api.ts";
import { Chip } from "../../parts/chip.tsx";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { useTexts } from "../../texts/texts.ts";

/** Would this address get in by itself, and as what? By the rules as they are saved. */
export function SignUpTester() {
  const { t, word } = useTexts();
  const [typed, setTyped] = useState("");
  const [email, setEmail] = useState("");
  const { data, error } = useApi("signUp.test", { query: { email } }, { enabled: email !== "" });
  return (
    <Stack gap="md">
      <Title order={2}>{t("signUp.tester")}</Title>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          setEmail(typed.trim());
        }}
      >
        <Group align="flex-end" gap="sm">
          <TextInput
            label={t("signUp.address")}
            placeholder="ann@example.com"
            flex={1}
            miw={200}
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
          />
          <Button type="submit" disabled={typed.trim() === ""}>
            {t("signUp.try")}
          </Button>
        </Group>
      </form>
      {error && <ProblemNotice problem={error} />}
      {data && (
        <Stack gap="sm" role="status">
          <Group>
            <Chip
              meaning={data.allowed ? "good" : "bad"}
              label={t(data.allowed ? "signUp.getsIn" : "signUp.staysOut", { email })}
            />
          </Group>
          {data.reason !== null && <Text>{t(`signUp.reason-${data.reason}`)}</Text>}
          {data.offer !== null && <Text>{data.offer}</Text>}
          {data.allowed && data.roles.length === 0 && <Text>{t("signUp.withNothing")}</Text>}
          <List size="sm">
            {data.roles.map(({ site, product, role, needsApproval }) => (
              <List.Item key={`${site}/${product}`}>
                {t(needsApproval ? "signUp.asApproved" : "signUp.as", { product, role: word("status", role) })}
              </List.Item>
            ))}
          </List>
        </Stack>
      )}
    </Stack>
  );
}
