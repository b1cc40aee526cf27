import { Alert, Group, Text } from "@mantine/core";
import { IconClockHour4 } from "@tabler/icons-react";
import type { Row } from "../../api/call.ts";
import { ActButton } from "../../parts/act-button.tsx";
import { useAct } from "../../parts/use-act.tsx";
import { useTexts } from "../../texts/texts.ts";

/** Grants that give nothing yet: their group has not come, or an admin's grant has not been confirmed. */
export function WaitingGrants({ grants }: { grants: readonly Row<"grants.list">[] }) {
  const { t, word } = useTexts();
  const act = useAct();
  const waiting = grants.filter(({ state }) => state === "waiting");
  if (waiting.length === 0) return null;
  return (
    <Alert color="blue" mb="md" icon={<IconClockHour4 size={20} />} title={t("groups.waiting", { n: waiting.length })}>
      {waiting.map(({ id, group, directory, product, role }) => {
        const said = { group: group.name, directory: directory ?? "", product, role: word("status", role) };
        return (
          <Group key={id} gap="sm" mb={4}>
            <Text>{t(group.id === null ? "groups.waitsForGroup" : "groups.waitsForYou", said)}</Text>
            {group.id !== null && (
              <ActButton
                operation="grants.confirm"
                variant="default"
                onClick={() => void act("grants.confirm", { params: { id } }, t("groups.confirmed"))}
              >
                {t("groups.confirm")}
              </ActButton>
            )}
          </Group>
        );
      })}
    </Alert>
  );
}
