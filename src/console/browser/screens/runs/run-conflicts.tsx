import { Stack, Text, Title } from "@mantine/core";
import type { Row } from "../../api/call.ts";
import { useApi } from "../../api/use-api.ts";
import { PlainTable } from "../../parts/plain-table.tsx";
import { useTexts } from "../../texts/texts.ts";

type Side = Row<"runs.conflicts">["sides"][number];

/** What could not be decided, both sides by name, and what to do. */
export function RunConflicts({ id }: { id: string }) {
  const { t, word } = useTexts();
  const { data } = useApi("runs.conflicts", { params: { id }, query: { limit: 100 } });
  if (data === undefined) return null;
  return (
    <Stack gap="sm">
      <Title order={3}>{t("runs.conflicts")}</Title>
      <PlainTable
        caption={t("runs.conflicts")}
        heads={[t("runs.what"), t("runs.oneSide"), t("runs.otherSide"), t("runs.todo")]}
      >
        {data.data.map(({ seq, kind, detail, sides: [one, other], advice }) => (
          <tr key={seq}>
            <td>
              {word("runs", `conflict-${kind}`)}
              <Text c="dimmed">{detail}</Text>
            </td>
            <td>{sideOf(one)}</td>
            <td>{sideOf(other)}</td>
            <td>{advice}</td>
          </tr>
        ))}
      </PlainTable>
    </Stack>
  );
}

function sideOf(side: Side | undefined): string {
  if (side === undefined) return "–";
  return [side.directory?.name, side.name ?? side.id, side.location]
    .filter((part) => part !== null && part !== undefined)
    .join(" · ");
}
