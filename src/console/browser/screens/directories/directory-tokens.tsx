import { Button, Group, Stack, Text } from "@mantine/core";
import { useState } from "react";
import type { Row } from "../../api/call.ts";
import { useApi } from "../../api/use-api.ts";
import { ActButton } from "../../parts/act-button.tsx";
import { Instant } from "../../parts/instant.tsx";
import { PlainTable } from "../../parts/plain-table.tsx";
import { useAct } from "../../parts/use-act.tsx";
import { useTexts } from "../../texts/texts.ts";
import { NewToken } from "./new-token.tsx";

/** What the identity provider proves itself with: made here, shown once, rotated with the old one still good for a while. */
export function DirectoryTokens({ directory }: { directory: Row<"directories.list"> }) {
  const { t } = useTexts();
  const act = useAct();
  const [made, setMade] = useState<string | null>(null);
  const [ending, setEnding] = useState<string | null>(null);
  const found = useApi("directories.tokens", { params: { directory: directory.id }, query: { limit: 200 } });
  const make = async (): Promise<void> => {
    const answer = await act(
      "directories.createToken",
      { params: { directory: directory.id }, body: {} },
      t("directories.tokenMade"),
    );
    if (answer) setMade(answer.token);
  };
  const rotate = async (id: string): Promise<void> => {
    const answer = await act("tokens.rotate", { params: { id }, body: {} }, t("directories.tokenRotated"));
    if (answer) setMade(answer.token);
  };
  return (
    <Stack gap="md">
      {made !== null && <NewToken baseUrl={directory.baseUrl} token={made} />}
      {found.data?.data.length === 0 && <Text c="dimmed">{t("directories.noTokens")}</Text>}
      {found.data !== undefined && found.data.data.length > 0 && (
        <PlainTable
          caption={t("directories.tab-tokens")}
          heads={[t("directories.token"), t("directories.lastUsed"), t("directories.expires"), t("shared.actions")]}
        >
          {found.data.data.map(({ id, name, lastUsedAt, expiresAt }) => (
            <tr key={id}>
              <td>{name ?? id.slice(0, 8)}</td>
              <td>
                <Instant at={lastUsedAt} />
              </td>
              <td>
                <Instant at={expiresAt} />
              </td>
              <td>
                {ending === id ? (
                  <Group gap="sm" wrap="nowrap">
                    <ActButton
                      operation="tokens.revoke"
                      color="red"
                      onClick={() => void act("tokens.revoke", { params: { id } }, t("directories.tokenRevoked"))}
                    >
                      {t("directories.revokeNow")}
                    </ActButton>
                    <Button variant="subtle" onClick={() => setEnding(null)}>
                      {t("shared.cancel")}
                    </Button>
                  </Group>
                ) : (
                  <Group gap="sm" wrap="nowrap">
                    <ActButton operation="tokens.rotate" variant="default" onClick={() => void rotate(id)}>
                      {t("directories.rotate")}
                    </ActButton>
                    <ActButton operation="tokens.revoke" variant="default" onClick={() => setEnding(id)}>
                      {t("directories.revoke")}
                    </ActButton>
                  </Group>
                )}
              </td>
            </tr>
          ))}
        </PlainTable>
      )}
      <Group>
        <ActButton operation="directories.createToken" onClick={() => void make()}>
          {t("directories.makeToken")}
        </ActButton>
      </Group>
    </Stack>
  );
}
