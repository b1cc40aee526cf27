import { Group, PasswordInput, Skeleton, Stack, Switch, TagsInput, TextInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useRef, useState } from "react";
import { type Answer, call } from "../../api/call.ts";
import { useApi, useChange } from "../../api/use-api.ts";
import { ActButton } from "../../parts/act-button.tsx";
import { faultAt } from "../../parts/fault-at.ts";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { useAct } from "../../parts/use-act.tsx";
import { useTexts } from "../../texts/texts.ts";
import { Bindings } from "./bindings.tsx";

type Held = Answer<"singleSignOn.get">;
const NONE: Held = {
  issuer: "",
  clientId: "",
  enabled: false,
  domains: [],
  emailClaim: "email",
  verifiedClaim: "email_verified",
};

/** How administrators sign in to the console through the company's identity provider. */
export function SingleSignOn() {
  const found = useApi("singleSignOn.get", {});
  // That there is none is forgotten while it is asked anew; what somebody has typed must not go with it.
  const wasThereNone = useRef(false);
  if (found.data !== undefined || found.error) wasThereNone.current = found.error?.status === 404;
  if (found.error && found.error.status !== 404) return <ProblemNotice problem={found.error} />;
  if (found.data === undefined && !wasThereNone.current) return <Skeleton height={240} />;
  return (
    <Stack gap="lg" maw={720}>
      <Form key={JSON.stringify(found.data ?? NONE)} held={found.data ?? NONE} isNew={found.data === undefined} />
      {found.data !== undefined && <Bindings />}
    </Stack>
  );
}

function Form({ held, isNew }: { held: Held; isNew: boolean }) {
  const { t } = useTexts();
  const act = useAct();
  const saving = useChange("singleSignOn.set");
  const [form, setForm] = useState(held);
  const [secret, setSecret] = useState("");
  const line = (name: "issuer" | "clientId" | "emailClaim" | "verifiedClaim", example: string) => (
    <TextInput
      label={t(`settings.${name}`)}
      placeholder={example}
      value={form[name]}
      error={faultAt(saving.error, `/${name}`)}
      onChange={(event) => setForm({ ...form, [name]: event.currentTarget.value })}
    />
  );
  return (
    <Stack gap="md">
      {line("issuer", "https://login.example.com")}
      {line("clientId", "muster")}
      <PasswordInput
        label={t("settings.clientSecret")}
        description={isNew ? null : t("settings.secretKept")}
        autoComplete="off"
        value={secret}
        error={faultAt(saving.error, "/clientSecret")}
        visibilityToggleButtonProps={{ "aria-label": t("settings.showSecret") }}
        onChange={(event) => setSecret(event.currentTarget.value)}
      />
      <TagsInput
        label={t("settings.ssoDomains")}
        placeholder="example.com"
        value={form.domains}
        acceptValueOnBlur
        error={faultAt(saving.error, "/domains")}
        onChange={(domains) => setForm({ ...form, domains })}
      />
      {line("emailClaim", "email")}
      {line("verifiedClaim", "email_verified")}
      <Switch
        label={t("settings.ssoEnabled")}
        checked={form.enabled}
        onChange={(event) => setForm({ ...form, enabled: event.currentTarget.checked })}
      />
      {saving.error && <ProblemNotice problem={saving.error} />}
      <Group gap="sm">
        <ActButton
          operation="singleSignOn.set"
          loading={saving.isPending}
          onClick={() =>
            // Of a promise, not of `mutate`: once it is saved this form is another one, which hears nothing of it.
            saving.mutateAsync({ body: { ...form, ...(secret !== "" && { clientSecret: secret }) } }).then(
              () =>
                notifications.show({
                  message: t("settings.ssoSaved"),
                  closeButtonProps: { "aria-label": t("shared.close") },
                }),
              () => {},
            )
          }
        >
          {t("shared.save")}
        </ActButton>
        {!isNew && held.enabled && (
          <ActButton
            operation="singleSignOn.set"
            variant="default"
            onClick={() =>
              void act("singleSignOn.set", { body: { ...held, enabled: false } }, t("settings.ssoOff"), () =>
                call("singleSignOn.set", { body: held }),
              )
            }
          >
            {t("settings.ssoSwitchOff")}
          </ActButton>
        )}
        {!isNew && !held.enabled && (
          <ActButton
            operation="singleSignOn.remove"
            color="red"
            onClick={() => void act("singleSignOn.remove", {}, t("settings.ssoRemoved"))}
          >
            {t("shared.remove")}
          </ActButton>
        )}
      </Group>
    </Stack>
  );
}
