import { Button, Drawer, Group, Select, Stack, Text } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { call, type Row, urlOf } from "../../api/call.ts";
import { type Bundle, SCOPE_OF_BUNDLE } from "../../api/operations.gen.ts";
import { useApi, useChange } from "../../api/use-api.ts";
import { ActButton } from "../../parts/act-button.tsx";
import { useAddressState, useOpened } from "../../parts/address-state.ts";
import { Chip } from "../../parts/chip.tsx";
import { ChoiceFilter } from "../../parts/choice-filter.tsx";
import { CopyAs } from "../../parts/copy-as.tsx";
import { EmptyState } from "../../parts/empty-state.tsx";
import { Instant } from "../../parts/instant.tsx";
import { type Column, List } from "../../parts/list.tsx";
import { PersonPicker } from "../../parts/person-picker.tsx";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { useAct } from "../../parts/use-act.tsx";
import { useTexts } from "../../texts/texts.ts";
import { ScopeField } from "./scope-field.tsx";

const BUNDLES = Object.keys(SCOPE_OF_BUNDLE) as Bundle[];

export function Rights() {
  const { t, word } = useTexts();
  const act = useAct();
  const { get } = useAddressState();
  const { opened, open, close } = useOpened("give");
  const query = {
    ...(get("bundle") !== "" && { bundle: get("bundle") as Bundle }),
    ...(get("cursor") !== "" && { cursor: get("cursor") }),
  };
  const found = useApi("rights.list", { query }, { keep: true });
  const take = (right: Row<"rights.list">): void => {
    const again = { user: right.user.id, bundle: right.bundle, scope: right.scope as { kind: "organization" } };
    void act(
      "rights.take",
      { params: { id: right.id } },
      t("administrators.taken", { name: right.user.userName }),
      () => call("rights.give", { body: again }),
    );
  };
  const columns: Column<Row<"rights.list">>[] = [
    { id: "user", header: t("administrators.person"), cell: (right) => right.user.userName },
    { id: "bundle", header: t("administrators.bundle"), cell: (right) => word("administrators", right.bundle) },
    {
      id: "scope",
      header: t("administrators.scope"),
      cell: (right) => [t(`administrators.${right.scope.kind}`), right.scopeName].filter(Boolean).join(" "),
    },
    {
      id: "inForce",
      header: t("administrators.inForce"),
      cell: (right) => (
        <Chip
          meaning={right.inForce ? "good" : "attention"}
          label={right.inForce ? t("shared.yes") : right.parkedAt ? t("administrators.parked") : t("shared.no")}
        />
      ),
    },
    { id: "createdAt", header: t("administrators.since"), cell: (right) => <Instant at={right.createdAt} /> },
    {
      id: "actions",
      header: t("shared.actions"),
      kind: "narrow",
      cell: (right) => (
        <ActButton operation="rights.take" variant="subtle" onClick={() => take(right)}>
          {t("administrators.take")}
        </ActButton>
      ),
    },
  ];
  return (
    <>
      <List
        caption={t("administrators.rights")}
        columns={columns}
        found={found}
        idOf={(right) => right.id}
        nameOf={(right) => right.user.userName}
        narrowed={["bundle"]}
        filters={
          <ChoiceFilter
            name="bundle"
            label={t("administrators.bundle")}
            choices={BUNDLES.map((value) => ({ value, label: word("administrators", value) }))}
          />
        }
        tools={
          <>
            <CopyAs url={urlOf("rights.list", { query })} command="muster admin list" />
            <ActButton operation="rights.give" onClick={() => open("new")}>
              {t("administrators.give")}
            </ActButton>
          </>
        }
        empty={<EmptyState text={t("administrators.noRights")} />}
      />
      <Drawer
        opened={opened !== ""}
        onClose={close}
        title={t("administrators.give")}
        closeButtonProps={{ "aria-label": t("shared.close") }}
      >
        {opened !== "" && <GiveForm onDone={close} />}
      </Drawer>
    </>
  );
}

function GiveForm({ onDone }: { onDone: () => void }) {
  const { t, word } = useTexts();
  const give = useChange("rights.give");
  const [user, setUser] = useState<string | null>(null);
  const [bundle, setBundle] = useState<Bundle>("organization-administrator");
  const [scope, setScope] = useState<string | null>(null);
  const kind = SCOPE_OF_BUNDLE[bundle];
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (user === null || (kind !== "organization" && scope === null)) return;
    give.mutate(
      { body: { user, bundle, scope: kind === "organization" ? { kind } : { kind, id: scope ?? "" } } },
      { onSuccess: onDone },
    );
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <Text>{t("administrators.giveWhy")}</Text>
        <PersonPicker required label={t("administrators.person")} value={user} onChange={setUser} />
        <Select
          label={t("administrators.bundle")}
          data={BUNDLES.map((value) => ({ value, label: word("administrators", value) }))}
          allowDeselect={false}
          value={bundle}
          onChange={(value) => {
            setBundle(value as Bundle);
            setScope(null);
          }}
        />
        <Text c="dimmed">{word("administrators", `${bundle}Means`)}</Text>
        <ScopeField kind={kind} value={scope} onChange={setScope} />
        {give.error && <ProblemNotice problem={give.error} />}
        <Group justify="flex-end">
          <Button type="submit" loading={give.isPending}>
            {t("administrators.give")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
