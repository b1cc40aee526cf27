import { Group, NumberInput, Select, Skeleton, Stack, Switch, TagsInput, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { type Answer, call, type Row } from "../../api/call.ts";
import { GUEST_POLICY_STATES } from "../../api/operations.gen.ts";
import { useApi } from "../../api/use-api.ts";
import { ActButton } from "../../parts/act-button.tsx";
import { faultAt } from "../../parts/fault-at.ts";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { useAct } from "../../parts/use-act.tsx";
import { usePreview } from "../../parts/use-trial.ts";
import { useTexts } from "../../texts/texts.ts";
import { ClientLimits } from "./client-limits.tsx";

type Policy = Answer<"guestPolicy.get">;
const FLAGS = ["countPending", "withoutSpace", "sponsorRequired", "formerMembers"] as const;
const PERIODS = ["period", "longestPeriod", "longestPeriodByOthers"] as const;
const LISTS = ["reminders", "allowedDomains", "deniedDomains"] as const;
const NAMES = [...FLAGS, ...PERIODS, ...LISTS, "mostSpaces", "state", "stateReason", "clientLimits"] as const;

/** How guests come to a product, and how long they stay. What is not said here is the organization's. */
export function GuestPolicyForm({ product }: { product: Row<"products.list"> }) {
  const found = useApi("guestPolicy.get", { params: { key: product.key }, query: { site: product.site } });
  return found.data ? (
    <Form key={JSON.stringify(found.data)} product={product} policy={found.data} />
  ) : (
    <Skeleton height={240} />
  );
}

function Form({ product, policy }: { product: Row<"products.list">; policy: Policy }) {
  const { t, word } = useTexts();
  const act = useAct();
  const preview = usePreview("guestPolicy.update");
  const [form, setForm] = useState(policy);
  const at = { params: { key: product.key }, query: { site: product.site } };
  const set = (change: Partial<Policy>): void => setForm({ ...form, ...change });
  const changed = NAMES.filter((name) => JSON.stringify(form[name]) !== JSON.stringify(policy[name]));
  const of = (from: Policy) => ({ ...at, body: Object.fromEntries(changed.map((name) => [name, from[name]])) });
  const save = async (): Promise<void> => {
    await preview.look(of(form));
    await act("guestPolicy.update", of(form), t("products.policySaved"), () => call("guestPolicy.update", of(policy)));
  };
  return (
    <Stack gap="md">
      <Text c="dimmed">{t("products.policyHow")}</Text>
      <Select
        label={t("products.policy-state")}
        data={GUEST_POLICY_STATES.map((value) => ({ value, label: word("products", `state-${value}`) }))}
        value={form.state}
        allowDeselect={false}
        onChange={(value) => set({ state: GUEST_POLICY_STATES.find((one) => one === value) ?? form.state })}
      />
      {form.state === "off" && (
        <TextInput
          label={t("products.policy-stateReason")}
          value={form.stateReason ?? ""}
          onChange={(event) => set({ stateReason: event.currentTarget.value || null })}
        />
      )}
      <NumberInput
        label={t("products.policy-mostSpaces")}
        min={1}
        value={form.mostSpaces ?? ""}
        onChange={(value) => set({ mostSpaces: value === "" ? null : Number(value) })}
      />
      {PERIODS.map((name) => (
        <TextInput
          key={name}
          label={t(`products.policy-${name}`)}
          placeholder="P30D"
          value={form[name] ?? ""}
          error={faultAt(preview.problem, `/${name}`)}
          onChange={(event) => set({ [name]: event.currentTarget.value || null })}
        />
      ))}
      {LISTS.map((name) => (
        <TagsInput
          key={name}
          label={t(`products.policy-${name}`)}
          value={form[name]}
          acceptValueOnBlur
          error={faultAt(preview.problem, `/${name}`)}
          onChange={(value) => set({ [name]: value })}
        />
      ))}
      {FLAGS.map((name) => (
        <Switch
          key={name}
          label={t(`products.policy-${name}`)}
          checked={form[name]}
          onChange={(event) => set({ [name]: event.currentTarget.checked })}
        />
      ))}
      <ClientLimits
        limits={form.clientLimits}
        problem={preview.problem}
        onChange={(clientLimits) => set({ clientLimits })}
      />
      {preview.problem && <ProblemNotice problem={preview.problem} />}
      <Group gap="sm">
        <ActButton operation="guestPolicy.update" disabled={changed.length === 0} onClick={() => void save()}>
          {t("shared.save")}
        </ActButton>
        <ActButton
          operation="guestPolicy.update"
          variant="default"
          onClick={() =>
            void act(
              "guestPolicy.update",
              { ...at, body: { inherit: [...NAMES] } },
              t("products.policyInherited"),
              () =>
                call("guestPolicy.update", {
                  ...at,
                  body: Object.fromEntries(NAMES.map((name) => [name, policy[name]])),
                }),
            )
          }
        >
          {t("products.inherit")}
        </ActButton>
      </Group>
    </Stack>
  );
}
