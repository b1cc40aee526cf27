import { Button, Fieldset, Group, Stack, Text, TextInput } from "@mantine/core";
import type { Answer, Problem } from "../../api/call.ts";
import { faultAt } from "../../parts/fault-at.ts";
import { useTexts } from "../../texts/texts.ts";

type Limit = Answer<"guestPolicy.get">["clientLimits"][number];
const NONE: Limit = { client: "", limit: "", url: null };
const MOST = 20;

/** What guests cannot do with which client, and where that is followed. R9. */
export function ClientLimits({
  limits,
  problem,
  onChange,
}: {
  limits: readonly Limit[];
  problem: Problem | null;
  onChange: (limits: Limit[]) => void;
}) {
  const { t } = useTexts();
  const put = (at: number, change: Partial<Limit>): void =>
    onChange(limits.map((one, index) => (index === at ? { ...one, ...change } : one)));
  return (
    <Stack gap="sm">
      <Text fw={600}>{t("products.policy-clientLimits")}</Text>
      <Text c="dimmed">{t("products.clientLimitsHow")}</Text>
      {limits.map((one, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a row is its place; it has no other name while it is typed.
        <Fieldset key={at} legend={t("products.clientLimit", { n: at + 1 })}>
          <Stack gap="sm">
            {(["client", "limit", "url"] as const).map((name) => (
              <TextInput
                key={name}
                label={t(`products.clientLimit-${name}`)}
                required={name !== "url"}
                value={one[name] ?? ""}
                error={faultAt(problem, `/clientLimits/${at}/${name}`)}
                onChange={({ currentTarget: { value } }) =>
                  put(at, { [name]: name === "url" && value === "" ? null : value })
                }
              />
            ))}
            <Group>
              <Button variant="default" onClick={() => onChange(limits.filter((_, index) => index !== at))}>
                {t("shared.remove")}
              </Button>
            </Group>
          </Stack>
        </Fieldset>
      ))}
      <Group>
        <Button variant="default" disabled={limits.length >= MOST} onClick={() => onChange([...limits, NONE])}>
          {t("products.addClientLimit")}
        </Button>
      </Group>
    </Stack>
  );
}
