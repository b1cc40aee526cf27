import { SimpleGrid, Skeleton } from "@mantine/core";
import { lazy, Suspense } from "react";
import { STATUSES } from "../../api/operations.gen.ts";
import { useApi } from "../../api/use-api.ts";

/** Drawn after the rest: what draws them is as large as the rest of the console. */
const Drawn = lazy(async () => ({ default: (await import("./drawn-charts.tsx")).DrawnCharts }));

/** How many people stand in each status, and seats of each product, where people would rather look than read. */
export function Charts() {
  const [notSent, invited, active, suspended, deactivated] = [
    useCount(STATUSES[0]),
    useCount(STATUSES[1]),
    useCount(STATUSES[2]),
    useCount(STATUSES[3]),
    useCount(STATUSES[4]),
  ];
  const seats = useApi("seats.list", { query: { limit: 200 } });
  const counts = [notSent, invited, active, suspended, deactivated];
  if (counts.some((count) => count === undefined) || !seats.data)
    return (
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <Skeleton height={240} />
        <Skeleton height={240} />
      </SimpleGrid>
    );
  return (
    <Suspense fallback={<Skeleton height={240} />}>
      <Drawn
        statuses={STATUSES.map((status, at) => ({ status, count: counts[at] ?? 0 }))}
        seats={seats.data.data.filter((use) => use.seats.used + use.seats.pending > 0 || use.seats.limit !== null)}
      />
    </Suspense>
  );
}

function useCount(status: string): number | undefined {
  const found = useApi("users.list", { query: { filter: `status eq "${status}"`, limit: 1, count: true } });
  return found.error ? 0 : found.data?.page.total?.count;
}
