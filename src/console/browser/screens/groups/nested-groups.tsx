import { Group, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { call, type Row } from "../../api/call.ts";
import { useApi } from "../../api/use-api.ts";
import { ActButton } from "../../parts/act-button.tsx";
import { GroupPicker } from "../../parts/group-picker.tsx";
import { PlainTable } from "../../parts/plain-table.tsx";
import { useAct } from "../../parts/use-act.tsx";
import { useTexts } from "../../texts/texts.ts";

/** The groups inside a group: their members get what it gives. */
export function NestedGroups({ group: { id, directory } }: { group: Row<"groups.list"> }) {
  const { t } = useTexts();
  const act = useAct();
  const [child, setChild] = useState<string | null>(null);
  const { data } = useApi("groups.nested", { params: { id }, query: { limit: 200 } });
  const nest = async (): Promise<void> => {
    if (child === null) return;
    await act("groups.nest", { params: { id }, body: { groups: [child] } }, t("groups.nested"), () =>
      call("groups.unnest", { params: { id, child } }),
    );
    setChild(null);
  };
  return (
    <Stack gap="md">
      {data && data.data.length === 0 && <Text c="dimmed">{t("groups.noNested")}</Text>}
      {data && data.data.length > 0 && (
        <PlainTable
          caption={t("groups.tab-nested")}
          heads={[t("groups.name"), t("groups.source"), t("shared.actions")]}
        >
          {data.data.map((one) => (
            <tr key={one.id}>
              <td>{one.name}</td>
              <td>{one.directory ?? t("groups.local")}</td>
              <td>
                <ActButton
                  operation="groups.unnest"
                  variant="default"
                  onClick={() =>
                    void act("groups.unnest", { params: { id, child: one.id } }, t("groups.unnested"), () =>
                      call("groups.nest", { params: { id }, body: { groups: [one.id] } }),
                    )
                  }
                >
                  {t("groups.takeOut")}
                </ActButton>
              </td>
            </tr>
          ))}
        </PlainTable>
      )}
      {directory === null ? (
        <Group align="flex-end" gap="sm">
          <GroupPicker label={t("groups.group")} value={child} onPick={setChild} />
          <ActButton operation="groups.nest" disabled={child === null} onClick={() => void nest()}>
            {t("groups.nest")}
          </ActButton>
        </Group>
      ) : (
        <Text c="dimmed">{t("groups.nestedThere", { directory })}</Text>
      )}
    </Stack>
  );
}
