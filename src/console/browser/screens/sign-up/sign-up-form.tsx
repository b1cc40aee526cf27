import { Group, Radio, Select, Stack, Switch, TagsInput } from "@mantine/core";
import { useState } from "react";
import { type Answer, call } from "../../api/call.ts";
import { SIGN_UP_MODES } from "../../api/operations.gen.ts";
import { ActButton } from "../../parts/act-button.tsx";
import { faultAt } from "../../parts/fault-at.ts";
import { ImpactView } from "../../parts/impact-view.tsx";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { useAct } from "../../parts/use-act.tsx";
import { usePreview } from "../../parts/use-trial.ts";
import { useTexts } from "../../texts/texts.ts";
import { SignUpRoles } from "./sign-up-roles.tsx";

type SignUp = Answer<"signUp.get">;

/** The rules of signing up. The domains stand there only while they decide something (R107). */
export function SignUpForm({ signUp }: { signUp: SignUp }) {
  const { t } = useTexts();
  const act = useAct();
  const preview = usePreview("signUp.set");
  const [form, setForm] = useState(signUp);
  const set = (change: Partial<SignUp>): void => setForm({ ...form, ...change });
  const domainsMoved = form.mode === "restricted" && form.domains.join(" ") !== signUp.domains.join(" ");
  // Domains that are not shown stay.
  const wanted = { ...form, domains: form.mode === "restricted" ? form.domains : signUp.domains };
  const save = () =>
    act("signUp.set", { body: bodyOf(wanted) }, t("signUp.saved"), () => call("signUp.set", { body: bodyOf(signUp) }));
  return (
    <Stack gap="md">
      <Radio.Group
        label={t("signUp.mode")}
        value={form.mode}
        onChange={(value) => set({ mode: SIGN_UP_MODES.find((one) => one === value) ?? form.mode })}
      >
        <Stack gap="xs" mt="xs">
          {SIGN_UP_MODES.map((mode) => (
            <Radio key={mode} value={mode} label={t(`signUp.${mode}`)} description={t(`signUp.${mode}Means`)} />
          ))}
        </Stack>
      </Radio.Group>
      {form.mode === "restricted" && (
        <TagsInput
          label={t("signUp.domains")}
          description={t("signUp.domainsHow")}
          placeholder="example.com"
          value={form.domains}
          acceptValueOnBlur
          splitChars={[",", " "]}
          error={faultAt(preview.problem, "/domains")}
          onChange={(value) => {
            set({ domains: value });
            void preview.look({ body: bodyOf({ ...form, domains: value }) });
          }}
        />
      )}
      {domainsMoved && preview.problem && <ProblemNotice problem={preview.problem} />}
      {domainsMoved && preview.trial && <ImpactView impact={preview.trial.impact} />}
      {form.mode !== "off" && (
        <>
          <Select
            label={t("signUp.verification")}
            data={[
              { value: "always", label: t("signUp.always") },
              { value: "restricted-only", label: t("signUp.restricted-only") },
            ]}
            value={form.verification}
            allowDeselect={false}
            onChange={(value) => set({ verification: value === "restricted-only" ? value : "always" })}
          />
          <SignUpRoles roles={form.roles} onChange={(roles) => set({ roles })} />
          <Switch
            label={t("signUp.notices")}
            checked={form.notices}
            onChange={(event) => set({ notices: event.currentTarget.checked })}
          />
        </>
      )}
      <Switch
        label={t("signUp.requests")}
        description={t("signUp.requestsMeans")}
        checked={form.requests}
        onChange={(event) => set({ requests: event.currentTarget.checked })}
      />
      <Group>
        <ActButton operation="signUp.set" onClick={() => void save()}>
          {t("shared.save")}
        </ActButton>
      </Group>
    </Stack>
  );
}

/** All of it in one: no half of it is ever saved. */
function bodyOf({ mode, verification, notices, requests, domains, roles }: SignUp) {
  return { mode, verification, notices, requests, domains, roles };
}
