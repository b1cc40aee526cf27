import { Accordion, Code, Group, List, Paper, Skeleton, Stack, Text, Title } from "@mantine/core";
import { IconCircleCheck, IconCircleX } from "@tabler/icons-react";
import type { Answer } from "../../api/call.ts";
import type { AccessWay, Condition, User, WhyAccess } from "../../api/operations.gen.ts";
import { useApi } from "../../api/use-api.ts";
import { Chip } from "../../parts/chip.tsx";
import { Instant } from "../../parts/instant.tsx";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { type Texts, useTexts } from "../../texts/texts.ts";

type Spaces = Answer<"users.access">["access"][number]["spaces"];

/** A product: whether the person may use it, why in one sentence, and every path. */
export function ProductAccess({
  user,
  site,
  product,
  spaces,
}: {
  user: User;
  site: string;
  product: string;
  spaces: Spaces;
}) {
  const texts = useTexts();
  const { t, word } = texts;
  const found = useApi("users.why", { params: { id: user.id }, query: { site, product } });
  const why = found.data;
  return (
    <Paper withBorder p="md" component="section" aria-label={`${site}/${product}`}>
      <Group gap="sm" mb="xs">
        <Title order={2} size="h3">
          {product}
        </Title>
        <Text c="dimmed">{site}</Text>
        {why && (
          <Chip
            meaning={why.allowed ? "good" : "bad"}
            label={why.role === null ? t("shared.noAccess") : word("status", why.role)}
            means={why.allowed ? t("user.allowed") : t("user.refused")}
          />
        )}
      </Group>
      {found.error && <ProblemNotice problem={found.error} />}
      {!why && !found.error && <Skeleton height={40} />}
      {why && (
        <Stack gap="sm">
          <Text>{sentence(why, texts)}</Text>
          {spaces.length > 0 && (
            <List size="sm">
              {spaces.map((one) => (
                <List.Item key={one.space}>
                  {t("user.space", { space: one.space, permission: word("user", one.permission) })}{" "}
                  {one.expiresAt !== null && (
                    <>
                      – {t("users.expires")} <Instant at={one.expiresAt} />
                    </>
                  )}
                </List.Item>
              ))}
            </List>
          )}
          <Accordion variant="contained">
            <Accordion.Item value="paths">
              <Accordion.Control>{t("user.everyPath", { n: why.ways.length })}</Accordion.Control>
              <Accordion.Panel>
                <Stack>
                  <Conditions title={t("user.ofPerson")} conditions={why.person} />
                  {why.ways.map((way) => (
                    <Way key={`${way.grant} ${way.memberOf} ${way.through}`} way={way} />
                  ))}
                  <Conditions title={t("user.ofPlace")} conditions={why.place} />
                </Stack>
              </Accordion.Panel>
            </Accordion.Item>
          </Accordion>
        </Stack>
      )}
    </Paper>
  );
}

/** The one sentence: through which group, set by whom; or the first thing that stands in the way. */
function sentence(why: WhyAccess, { t, word, language }: Texts): string {
  const role = why.role === null ? t("shared.noAccess") : word("status", why.role);
  const best = why.ways.find((way) => way.counts);
  const failing = [...why.person, ...why.place, ...why.ways.flatMap((way) => way.conditions)].find((one) => !one.met);
  if (!why.allowed && failing)
    return t(why.role === null ? "user.whyNoRole" : "user.whyNot", {
      product: why.product,
      role,
      because: failing.because,
    });
  if (!best) return t("user.whyNone", { product: why.product });
  const setBy = best.conditions.find((one) => one.setBy)?.setBy;
  return t(setBy ? "user.whySet" : "user.why", {
    product: why.product,
    role,
    group: best.group.name,
    who: setBy?.userName ?? setBy?.kind ?? "",
    when: setBy ? new Date(setBy.at).toLocaleDateString(language, { dateStyle: "medium" }) : "",
  });
}

function Way({ way }: { way: AccessWay }) {
  const { t, word } = useTexts();
  return (
    <section>
      <Group gap="sm" mb={4}>
        <Text fw={600}>
          {way.group.name} → {word("status", way.role)}
        </Text>
        <Chip meaning={way.counts ? "good" : "bad"} label={way.counts ? t("user.counts") : t("user.countsNot")} />
      </Group>
      <Text c="dimmed">
        {t(way.through === null ? "user.memberLocal" : "user.memberThrough", {
          through: way.through,
          group: way.memberOf,
        })}
      </Text>
      <Conditions conditions={way.conditions} />
    </section>
  );
}

/** Each with whether it is met, who set it, and what mends it. */
function Conditions({ title, conditions }: { title?: string; conditions: readonly Condition[] }) {
  const { t } = useTexts();
  if (conditions.length === 0) return null;
  return (
    <div>
      {title && <Text fw={600}>{title}</Text>}
      <List size="sm" listStyleType="none" spacing={4}>
        {conditions.map((one) => (
          <List.Item
            key={`${one.condition} ${one.because}`}
            icon={
              one.met ? (
                <IconCircleCheck size={16} color="var(--mantine-color-green-text)" aria-label={t("user.met")} />
              ) : (
                <IconCircleX size={16} color="var(--mantine-color-red-text)" aria-label={t("user.notMet")} />
              )
            }
          >
            {one.because}
            {one.setBy && (
              <Text component="span" c="dimmed">
                {" "}
                ({t("user.setBy", { who: one.setBy.userName ?? one.setBy.kind })} <Instant at={one.setBy.at} />)
              </Text>
            )}
            {one.remedy && (
              <Text component="div" c="dimmed">
                {t("user.remedy")} <Code>{one.remedy.command}</Code>
                {one.remedy.heldBy.length > 0 && (
                  <> · {t("shared.whoCould", { names: one.remedy.heldBy.map((who) => who.userName).join(", ") })}</>
                )}
              </Text>
            )}
          </List.Item>
        ))}
      </List>
    </div>
  );
}
