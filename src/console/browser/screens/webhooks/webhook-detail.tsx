import { Group, Stack, Table, Text } from "@mantine/core";
import { useState } from "react";
import { useApi } from "../../api/use-api.ts";
import { ActButton } from "../../parts/act-button.tsx";
import { Chip } from "../../parts/chip.tsx";
import { Instant } from "../../parts/instant.tsx";
import { MEANINGS } from "../../parts/meanings.ts";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { SecretOnce } from "../../parts/secret-once.tsx";
import { useAct } from "../../parts/use-act.tsx";
import { useTexts } from "../../texts/texts.ts";

/** One webhook's deliveries, and what can be done about it. */
export function WebhookDetail({ id, onGone }: { id: string; onGone: () => void }) {
  const { t } = useTexts();
  const act = useAct();
  const params = { id };
  const webhook = useApi("webhooks.get", { params });
  const deliveries = useApi("webhooks.deliveries", { params }, { every: 3_000 });
  const [secret, setSecret] = useState<string>();
  if (webhook.error) return <ProblemNotice problem={webhook.error} />;
  if (!webhook.data) return null;
  const rotate = async (): Promise<void> => {
    const made = await act("webhooks.rotateSecret", { params, body: {} }, t("webhooks.rotated"));
    if (made) setSecret(made.secret);
  };
  return (
    <Stack>
      <Text fw={600}>{webhook.data.name}</Text>
      <Text>{webhook.data.url}</Text>
      {webhook.data.disabledReason && <Text>{webhook.data.disabledReason}</Text>}
      {secret && <SecretOnce label={t("webhooks.secretOnce")} secret={secret} />}
      <Group gap="sm">
        <ActButton
          operation="webhooks.test"
          variant="default"
          onClick={() => void act("webhooks.test", { params }, t("webhooks.tested"))}
        >
          {t("webhooks.test")}
        </ActButton>
        <ActButton
          operation="webhooks.replay"
          variant="default"
          onClick={() => void act("webhooks.replay", { params, body: { after: null } }, t("webhooks.replayed"))}
        >
          {t("webhooks.replay")}
        </ActButton>
        <ActButton operation="webhooks.rotateSecret" variant="default" onClick={() => void rotate()}>
          {t("webhooks.rotate")}
        </ActButton>
        <ActButton
          operation="webhooks.remove"
          variant="default"
          color="red"
          onClick={() =>
            void act("webhooks.remove", { params }, t("webhooks.removed")).then(
              (answer) => answer !== undefined && onGone(),
            )
          }
        >
          {t("shared.remove")}
        </ActButton>
      </Group>
      <Table.ScrollContainer minWidth={480}>
        <Table>
          <Table.Caption>{t("webhooks.deliveries")}</Table.Caption>
          <Table.Thead>
            <Table.Tr>
              <Table.Th scope="col">{t("webhooks.event")}</Table.Th>
              <Table.Th scope="col">{t("webhooks.state")}</Table.Th>
              <Table.Th scope="col">{t("webhooks.attempts")}</Table.Th>
              <Table.Th scope="col">{t("webhooks.reply")}</Table.Th>
              <Table.Th scope="col">{t("webhooks.at")}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {(deliveries.data?.data ?? []).map((delivery) => (
              <Table.Tr key={delivery.id}>
                <Table.Td>{delivery.kind}</Table.Td>
                <Table.Td>
                  <Chip meaning={MEANINGS.webhook[delivery.state]} label={t(`webhooks.${delivery.state}`)} />
                </Table.Td>
                <Table.Td>{delivery.attempts}</Table.Td>
                <Table.Td>{delivery.replyStatus ?? delivery.reply ?? "–"}</Table.Td>
                <Table.Td>
                  <Instant at={delivery.attemptedAt ?? delivery.createdAt} />
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      {deliveries.data?.data.length === 0 && <Text c="dimmed">{t("webhooks.noDeliveries")}</Text>}
    </Stack>
  );
}
