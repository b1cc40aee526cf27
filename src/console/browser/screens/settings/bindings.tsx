import { Group, Stack, Text, TextInput, Title } from "@mantine/core";
import { useState } from "react";
import { call } from "../../api/call.ts";
import { useApi } from "../../api/use-api.ts";
import { ActButton } from "../../parts/act-button.tsx";
import { Instant } from "../../parts/instant.tsx";
import { PersonPicker } from "../../parts/person-picker.tsx";
import { PlainTable } from "../../parts/plain-table.tsx";
import { useAct } from "../../parts/use-act.tsx";
import { useTexts } from "../../texts/texts.ts";

/** Who at the identity provider is which person here. */
export function Bindings() {
  const { t } = useTexts();
  const act = useAct();
  const [user, setUser] = useState<string | null>(null);
  const [subject, setSubject] = useState("");
  const { data } = useApi("singleSignOnBindings.list", { query: { limit: 200 } });
  const bind = (person: string, who: string) =>
    call("singleSignOnBindings.make", { body: { user: person, subject: who } });
  return (
    <Stack gap="sm">
      <Title order={2}>{t("settings.bindings")}</Title>
      {data?.data.length === 0 && <Text c="dimmed">{t("settings.noBindings")}</Text>}
      {data && data.data.length > 0 && (
        <PlainTable
          caption={t("settings.bindings")}
          heads={[t("settings.person"), t("settings.subject"), t("settings.boundAt"), t("shared.actions")]}
        >
          {data.data.map((one) => (
            <tr key={one.account}>
              <td>{one.userName}</td>
              <td>{one.subject}</td>
              <td>
                <Instant at={one.boundAt} />
              </td>
              <td>
                <ActButton
                  operation="singleSignOnBindings.remove"
                  variant="default"
                  onClick={() =>
                    void act(
                      "singleSignOnBindings.remove",
                      { params: { id: one.account } },
                      t("settings.unbound"),
                      () => bind(one.account, one.subject),
                    )
                  }
                >
                  {t("shared.remove")}
                </ActButton>
              </td>
            </tr>
          ))}
        </PlainTable>
      )}
      <Group align="flex-end" gap="sm">
        <PersonPicker label={t("settings.person")} value={user} onChange={setUser} />
        <TextInput
          label={t("settings.subject")}
          value={subject}
          onChange={(event) => setSubject(event.currentTarget.value)}
        />
        <ActButton
          operation="singleSignOnBindings.make"
          variant="default"
          disabled={user === null || subject === ""}
          onClick={() =>
            user !== null &&
            void act("singleSignOnBindings.make", { body: { user, subject } }, t("settings.bound"), () =>
              call("singleSignOnBindings.remove", { params: { id: user } }),
            )
          }
        >
          {t("shared.add")}
        </ActButton>
      </Group>
    </Stack>
  );
}
