import { Button, Group, Select, Skeleton, Stack, Text, Title } from "@mantine/core";
import { useEffect, useRef } from "react";
import { PLAN_KINDS } from "../../api/operations.gen.ts";
import { useApi } from "../../api/use-api.ts";
import { useAddressState } from "../../parts/address-state.ts";
import { PlainTable } from "../../parts/plain-table.tsx";
import { useTexts } from "../../texts/texts.ts";

/** The plan, row by row: what each would be before and after. @param state of the run: with another one the plan is another. */
export function RunPlan({ id, state }: { id: string; state: string }) {
  const { t, word } = useTexts();
  const { get, set } = useAddressState();
  const kind = PLAN_KINDS.find((one) => one === get("kind"));
  const cursor = get("plan");
  const query = { limit: 50, ...(kind !== undefined && { kind }), ...(cursor !== "" && { cursor }) };
  const { data, refetch } = useApi("runs.plan", { params: { id }, query }, { keep: true });
  const shown = useRef(state);
  useEffect(() => {
    if (shown.current === state) return;
    shown.current = state;
    void refetch();
  }, [state, refetch]);
  return (
    <Stack gap="sm">
      <Group justify="space-between" align="flex-end">
        <Title order={3}>{t("runs.plan")}</Title>
        <Select
          aria-label={t("runs.kind")}
          placeholder={t("runs.allKinds")}
          clearable
          data={PLAN_KINDS.map((value) => ({ value, label: word("runs", value) }))}
          value={kind ?? null}
          onChange={(value) => set({ kind: value, plan: null })}
        />
      </Group>
      {data === undefined ? (
        <Skeleton height={96} />
      ) : data.data.length === 0 ? (
        <Text c="dimmed">{t("runs.emptyPlan")}</Text>
      ) : (
        <PlainTable
          caption={t("runs.plan")}
          heads={[t("runs.kind"), t("runs.name"), t("runs.before"), t("runs.after")]}
        >
          {data.data.map((row) => (
            <tr key={row.seq}>
              <td className="narrow">{word("runs", row.kind)}</td>
              <td>{[row.name ?? row.subject, row.member].filter(Boolean).join(" · ")}</td>
              <td>{valuesOf(row.before, row.after)}</td>
              <td>
                {valuesOf(row.after, row.before)}
                {row.conflict !== null && <Text fw={600}>{row.conflict}</Text>}
              </td>
            </tr>
          ))}
        </PlainTable>
      )}
      {(cursor !== "" || data?.page.next) && (
        <Group gap="sm">
          <Button variant="default" disabled={cursor === ""} onClick={() => set({ plan: null })}>
            {t("shared.first")}
          </Button>
          <Button variant="default" disabled={!data?.page.next} onClick={() => set({ plan: data?.page.next ?? null })}>
            {t("shared.next")}
          </Button>
        </Group>
      )}
    </Stack>
  );
}

type Values = Readonly<Record<string, unknown>> | null;

/** Only what differs from the other side. */
function valuesOf(own: Values, other: Values): string {
  return Object.entries(own ?? {})
    .filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(other?.[name]))
    .map(([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join("\n");
}
