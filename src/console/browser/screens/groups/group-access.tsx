import { Button, Card, Group, Select, Skeleton, Stack, Text, Title } from "@mantine/core";
import { useState } from "react";
import { call } from "../../api/call.ts";
import type { Role } from "../../api/operations.gen.ts";
import { useApi } from "../../api/use-api.ts";
import { ActButton } from "../../parts/act-button.tsx";
import { ImpactView } from "../../parts/impact-view.tsx";
import { PlainTable } from "../../parts/plain-table.tsx";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { useAct } from "../../parts/use-act.tsx";
import { usePreview } from "../../parts/use-trial.ts";
import { useTexts } from "../../texts/texts.ts";

const ROLES = ["user", "admin", "guest"] as const;
type Wish = { site: string; product: string; role: Role | null; grant: string | null };

/** The roles that a group gives. Each change tells first how many people, seats and guest slots it moves. */
export function GroupAccess({ id }: { id: string }) {
  const { t, word } = useTexts();
  const act = useAct();
  const grants = useApi("grants.list", { query: { group: id, limit: 200 } });
  const products = useApi("products.list", { query: { limit: 200 } });
  const giving = usePreview("grants.create");
  const taking = usePreview("grants.delete");
  const [wish, setWish] = useState<Wish | null>(null);
  const [product, setProduct] = useState<string | null>(null);
  const body = ({ site, product: key, role }: Wish) => ({
    body: { group: `id:${id}`, site, product: key, role: role ?? "user" },
  });
  const want = (next: Wish): void => {
    setWish(next);
    giving.clear();
    taking.clear();
    if (next.role !== null) void giving.look(body(next));
    else if (next.grant !== null) void taking.look({ params: { id: next.grant } });
  };
  const held = grants.data?.data ?? [];
  const keep = async (): Promise<void> => {
    if (wish === null) return;
    const was = held.find((grant) => grant.product === wish.product && grant.site === wish.site);
    const again = (): Promise<unknown> =>
      was ? call("grants.create", body({ ...wish, role: was.role })) : Promise.resolve();
    if (wish.role === null && wish.grant !== null)
      await act("grants.delete", { params: { id: wish.grant } }, t("groups.taken"), again);
    else
      await act("grants.create", body(wish), t("groups.given"), (made) =>
        was ? again() : call("grants.delete", { params: { id: made.id } }),
      );
    setWish(null);
  };
  const trial = wish?.role === null ? taking.trial : giving.trial;
  const problem = wish?.role === null ? taking.problem : giving.problem;
  return (
    <Stack gap="md">
      {held.length === 0 ? (
        <Text c="dimmed">{t("groups.givesNothing")}</Text>
      ) : (
        <PlainTable caption={t("groups.access")} heads={[t("groups.product"), t("groups.role"), t("shared.actions")]}>
          {held.map((grant) => (
            <tr key={grant.id}>
              <td>{`${grant.site} / ${grant.product}`}</td>
              <td>
                <Select
                  aria-label={t("groups.roleOn", { product: grant.product })}
                  data={ROLES.map((value) => ({ value, label: word("status", value) }))}
                  value={grant.role}
                  allowDeselect={false}
                  onChange={(value) =>
                    want({ ...grant, grant: grant.id, role: ROLES.find((one) => one === value) ?? grant.role })
                  }
                />
              </td>
              <td>
                <ActButton
                  operation="grants.delete"
                  variant="default"
                  onClick={() => want({ ...grant, grant: grant.id, role: null })}
                >
                  {t("groups.take")}
                </ActButton>
              </td>
            </tr>
          ))}
        </PlainTable>
      )}
      <Group align="flex-end" gap="sm">
        <Select
          label={t("groups.product")}
          data={(products.data?.data ?? []).map(({ key, site, name }) => ({
            value: `${site}/${key}`,
            label: `${name} (${site})`,
          }))}
          value={product}
          onChange={setProduct}
        />
        {ROLES.map((role) => (
          <ActButton
            key={role}
            operation="grants.create"
            variant="default"
            disabled={product === null}
            onClick={() => {
              const [site = "", key = ""] = (product ?? "").split("/");
              want({ site, product: key, role, grant: null });
            }}
          >
            {t("groups.give", { role: word("status", role) })}
          </ActButton>
        ))}
      </Group>
      {wish && (
        <Card withBorder>
          <Stack gap="sm" role="region" aria-label={t("groups.blast")}>
            <Title order={3}>{t("groups.blast")}</Title>
            {problem ? (
              <ProblemNotice problem={problem} />
            ) : trial ? (
              <ImpactView impact={trial.impact} />
            ) : (
              <Skeleton height={64} />
            )}
            <Group gap="sm">
              <ActButton operation="grants.create" disabled={!trial} onClick={() => void keep()}>
                {t("groups.doIt")}
              </ActButton>
              <Button variant="subtle" onClick={() => setWish(null)}>
                {t("shared.cancel")}
              </Button>
            </Group>
          </Stack>
        </Card>
      )}
    </Stack>
  );
}
