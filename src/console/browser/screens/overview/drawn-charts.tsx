import "@mantine/charts/styles.css";
import { BarChart } from "@mantine/charts";
import { Anchor, Group, Paper, SimpleGrid, Text, Title } from "@mantine/core";
import { Link } from "react-router";
import type { SeatUse, Status } from "../../api/operations.gen.ts";
import { useTexts } from "../../texts/texts.ts";

const COLOURS: Readonly<Record<Status, string>> = {
  "invited-not-sent": "gray.6",
  invited: "blue.6",
  active: "green.7",
  suspended: "yellow.6",
  deactivated: "red.7",
};

type Props = { statuses: readonly { status: Status; count: number }[]; seats: readonly SeatUse[] };

/** Both as bars; beneath the first the same as links, for whoever cannot see it. */
export function DrawnCharts({ statuses, seats }: Props) {
  const { t, word } = useTexts();
  return (
    <SimpleGrid cols={{ base: 1, md: 2 }}>
      <Paper withBorder p="md" component="section">
        <Title order={2} size="h3" mb="sm">
          {t("overview.byStatus")}
        </Title>
        <BarChart
          aria-hidden
          h={120}
          barProps={{ maxBarSize: 48 }}
          xAxisProps={{ allowDecimals: false }}
          data={[Object.fromEntries([["all", ""], ...statuses.map(({ status, count }) => [status, count])])]}
          dataKey="all"
          type="stacked"
          orientation="vertical"
          withYAxis={false}
          withTooltip={false}
          gridAxis="none"
          series={statuses.map(({ status }) => ({ name: status, color: COLOURS[status] }))}
          barChartProps={{ accessibilityLayer: false }}
        />
        <Group gap="md" mt="sm">
          {statuses.map(({ status, count }) => (
            <Group key={status} gap={4} wrap="nowrap">
              <span className="swatch" data-status={status} aria-hidden />
              <Anchor component={Link} to={`/users?status=${status}`}>
                {word("status", status)}
              </Anchor>
              <Text>{count}</Text>
            </Group>
          ))}
        </Group>
      </Paper>
      <Paper withBorder p="md" component="section">
        <Title order={2} size="h3" mb="sm">
          {t("overview.seatsByProduct")}
        </Title>
        {seats.length === 0 ? (
          <Text c="dimmed">{t("overview.noSeats")}</Text>
        ) : (
          <BarChart
            aria-hidden
            h={200}
            barProps={{ maxBarSize: 64 }}
            yAxisProps={{ allowDecimals: false }}
            data={seats.map((use) => ({
              product: use.product,
              [t("overview.inUse")]: use.seats.used,
              [t("overview.reserved")]: use.seats.pending,
              [t("overview.free")]: Math.max((use.seats.limit ?? 0) - use.seats.used - use.seats.pending, 0),
            }))}
            dataKey="product"
            type="stacked"
            withLegend
            withTooltip={false}
            series={[
              { name: t("overview.inUse"), color: "accent.6" },
              { name: t("overview.reserved"), color: "accent.3" },
              { name: t("overview.free"), color: "gray.4" },
            ]}
            barChartProps={{ accessibilityLayer: false }}
          />
        )}
      </Paper>
    </SimpleGrid>
  );
}
