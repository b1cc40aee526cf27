import { Button, Group, SegmentedControl, Select, Switch, TagsInput, TextInput } from "@mantine/core";
import { useState } from "react";
import { call, Problem } from "../../api/call.ts";
import { DIRECTORY_PROFILES } from "../../api/operations.gen.ts";
import { useChange } from "../../api/use-api.ts";
import { ActButton } from "../../parts/act-button.tsx";
import { faultAt } from "../../parts/fault-at.ts";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { Side } from "../../parts/side.tsx";
import { useTexts } from "../../texts/texts.ts";
import { type BodyOf, given, type PulledKind, type Settings } from "./form.ts";
import { NewToken } from "./new-token.tsx";
import { ScimArrival } from "./scim-arrival.tsx";
import { SettingsFields } from "./settings-fields.tsx";
import { TestSteps } from "./test-steps.tsx";

const KINDS = ["scim", "ldap", "google-workspace"] as const;

/** A new directory: what its kind needs, tried before it is added; a SCIM one then waits for the provider's first request. */
export function AddDrawer({
  kind: asked,
  onKind,
  onClose,
}: {
  kind: string;
  onKind: (kind: string) => void;
  onClose: () => void;
}) {
  const { t } = useTexts();
  const [made, setMade] = useState<{ name: string; baseUrl: string; token: string } | null>(null);
  const close = (): void => {
    setMade(null);
    onClose();
  };
  const kind = KINDS.find((one) => one === asked) ?? "scim";
  return (
    <Side
      opened={asked !== ""}
      onClose={close}
      title={made ? t("directories.connect", { name: made.name }) : t("directories.add")}
    >
      {made ? (
        <>
          <NewToken baseUrl={made.baseUrl} token={made.token} />
          <ScimArrival name={made.name} />
        </>
      ) : (
        <AddForm key={kind} kind={kind} onKind={onKind} onMade={setMade} onClose={close} />
      )}
    </Side>
  );
}

function AddForm({
  kind,
  onKind,
  onMade,
  onClose,
}: {
  kind: (typeof KINDS)[number];
  onKind: (kind: string) => void;
  onMade: (made: { name: string; baseUrl: string; token: string }) => void;
  onClose: () => void;
}) {
  const { t, word } = useTexts();
  const [name, setName] = useState("");
  const [profile, setProfile] = useState<(typeof DIRECTORY_PROFILES)[number]>("generic");
  const [domains, setDomains] = useState<string[]>([]);
  const [domainPolicy, setDomainPolicy] = useState(false);
  const [settings, setSettings] = useState<Settings>({});
  const [secret, setSecret] = useState("");
  const [problem, setProblem] = useState<Problem | null>(null);
  const adding = useChange("directories.create");
  const testing = useChange("directories.testSettings");
  const pulled: PulledKind | null = kind === "scim" ? null : kind;
  const body = (): BodyOf<"directories.create"> => ({
    ...(kind === "scim" ? { kind, profile } : { kind, settings: given(settings), secret }),
    name,
    domainPolicy,
    authoritativeDomains: domains,
  });
  const add = async (): Promise<void> => {
    setProblem(null);
    try {
      const directory = await adding.mutateAsync({ body: body() });
      if (directory.baseUrl === null) return onClose();
      const { token } = await call("directories.createToken", { params: { directory: directory.id }, body: {} });
      onMade({ name: directory.name, baseUrl: directory.baseUrl, token });
    } catch (error) {
      if (error instanceof Problem) setProblem(error);
      else throw error;
    }
  };
  const test = (): void => {
    if (pulled) testing.mutate({ body: { kind: pulled, settings: given(settings), secret } });
  };
  const refusal = problem ?? testing.error;
  return (
    <>
      <SegmentedControl
        aria-label={t("directories.kind")}
        data={KINDS.map((value) => ({ value, label: word("directories", value) }))}
        value={kind}
        onChange={onKind}
      />
      <TextInput
        label={t("directories.name")}
        description={t("directories.nameHow")}
        required
        value={name}
        error={faultAt(problem, "/name")}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      {pulled === null ? (
        <Select
          label={t("directories.profile")}
          description={t("directories.profileHow")}
          data={DIRECTORY_PROFILES.map((value) => ({ value, label: word("directories", `profile-${value}`) }))}
          value={profile}
          allowDeselect={false}
          onChange={(value) => setProfile(DIRECTORY_PROFILES.find((one) => one === value) ?? "generic")}
        />
      ) : (
        <SettingsFields
          kind={pulled}
          settings={settings}
          secret={secret}
          problem={refusal}
          isNew
          onSettings={setSettings}
          onSecret={setSecret}
        />
      )}
      <TagsInput
        label={t("directories.authoritative")}
        description={t("directories.authoritativeHow")}
        placeholder="example.com"
        value={domains}
        acceptValueOnBlur
        error={faultAt(problem, "/authoritativeDomains")}
        onChange={setDomains}
      />
      <Switch
        label={t("directories.domainPolicy")}
        description={t("directories.domainPolicyHow")}
        checked={domainPolicy}
        onChange={(event) => setDomainPolicy(event.currentTarget.checked)}
      />
      {refusal && <ProblemNotice problem={refusal} />}
      {testing.data && <TestSteps test={testing.data} />}
      <Group gap="sm">
        <ActButton operation="directories.create" loading={adding.isPending} onClick={() => void add()}>
          {t("directories.add")}
        </ActButton>
        {pulled !== null && (
          <ActButton operation="directories.testSettings" variant="default" loading={testing.isPending} onClick={test}>
            {t("directories.test")}
          </ActButton>
        )}
        <Button variant="subtle" onClick={onClose}>
          {t("shared.cancel")}
        </Button>
      </Group>
    </>
  );
}
