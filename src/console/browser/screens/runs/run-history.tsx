import "@mantine/charts/styles.css";
import { BarChart } from "@mantine/charts";
import { Card, Text } from "@mantine/core";
import type { Row } from "../../api/call.ts";
import { useTexts } from "../../texts/texts.ts";

/** What the runs on this page brought, the oldest to the left. The table below says the same in figures. */
export function RunHistory({ runs }: { runs: readonly Row<"runs.list">[] }) {
  const { t, language } = useTexts();
  const shown = runs.toReversed().map(({ startedAt, counts }) => ({
    at: new Date(startedAt).toLocaleString(language, { dateStyle: "short", timeStyle: "short" }),
    added: counts.added,
    updated: counts.updated,
    gone: counts.deactivated + counts.removed,
  }));
  return (
    <Card withBorder mb="md" component="figure" m={0}>
      <Text fw={600} component="figcaption" mb="xs">
        {t("runs.history")}
      </Text>
      <BarChart
        h={128}
        data={shown}
        dataKey="at"
        type="stacked"
        withLegend
        withXAxis={false}
        series={[
          { name: "added", label: t("runs.added"), color: "green.7" },
          { name: "updated", label: t("runs.updated"), color: "accent.6" },
          { name: "gone", label: t("runs.gone"), color: "red.7" },
        ]}
      />
    </Card>
  );
}
