import { Group } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { type Row, urlOf } from "../../api/call.ts";
import { useApi } from "../../api/use-api.ts";
import { ActButton } from "../../parts/act-button.tsx";
import { inFilter, useAddressState, useOpened } from "../../parts/address-state.ts";
import { Chip } from "../../parts/chip.tsx";
import { ChoiceFilter } from "../../parts/choice-filter.tsx";
import { CopyAs, quoted } from "../../parts/copy-as.tsx";
import { EmptyState } from "../../parts/empty-state.tsx";
import { type Column, List } from "../../parts/list.tsx";
import { ScreenHead } from "../../parts/screen-head.tsx";
import { SearchField } from "../../parts/search-field.tsx";
import { useTexts } from "../../texts/texts.ts";
import { GroupDrawer } from "./group-drawer.tsx";
import { NewGroup } from "./new-group.tsx";
import { WaitingGrants } from "./waiting-grants.tsx";

type One = Row<"groups.list">;

/** What roles are granted to: groups of the directories and the organization's own. */
export function GroupsScreen() {
  const { t, word } = useTexts();
  const { get, set } = useAddressState();
  const { opened, open } = useOpened();
  const adding = useOpened("add");
  const directories = useApi("directories.list", { query: { limit: 200 } });
  const grants = useApi("grants.list", { query: { limit: 200 } });
  const filter = [
    ...(get("q") === "" ? [] : [`name co ${inFilter(get("q"))}`]),
    ...(get("directory") === "" ? [] : [`directory eq ${inFilter(get("directory"))}`]),
  ].join(" and ");
  const query = { ...(filter !== "" && { filter }), ...(get("cursor") !== "" && { cursor: get("cursor") }) };
  const found = useApi("groups.list", { query }, { keep: true });
  const sources = (directories.data?.data ?? []).filter(({ kind }) => kind !== "internal");
  const columns: Column<One>[] = [
    { id: "name", header: t("groups.name"), cell: (group) => group.name },
    {
      id: "access",
      header: t("groups.access"),
      cell: (group) => (
        <Group gap="xs">
          {(grants.data?.data ?? [])
            .filter((grant) => grant.group.id === group.id)
            .map(({ id, product, role, state }) => (
              <Chip
                key={id}
                meaning={state === "waiting" ? "waiting" : role === "admin" ? "attention" : "neutral"}
                label={`${product}: ${word("status", role)}`}
              />
            ))}
        </Group>
      ),
    },
    { id: "source", header: t("groups.source"), cell: (group) => group.directory ?? t("groups.local") },
    { id: "id", header: t("groups.id"), hidden: true, cell: (group) => group.id },
  ];
  return (
    <>
      <ScreenHead title={t("groups.title")}>
        <ActButton operation="groups.create" leftSection={<IconPlus size={18} />} onClick={() => adding.open("group")}>
          {t("groups.add")}
        </ActButton>
      </ScreenHead>
      <WaitingGrants grants={grants.data?.data ?? []} />
      <List
        caption={t("groups.title")}
        columns={columns}
        found={found}
        idOf={(group) => group.id}
        nameOf={(group) => group.name}
        onOpen={(group) => open(group.id)}
        narrowed={["q", "directory"]}
        filters={
          <>
            <SearchField />
            <ChoiceFilter
              name="directory"
              label={t("groups.source")}
              choices={[
                { value: "local", label: t("groups.local") },
                ...sources.map(({ name }) => ({ value: name, label: name })),
              ]}
            />
          </>
        }
        tools={
          <CopyAs
            url={urlOf("groups.list", { query })}
            command={`muster group list${filter === "" ? "" : ` --filter ${quoted(filter)}`}`}
          />
        }
        empty={<EmptyState text={t("groups.empty")} />}
      />
      <NewGroup opened={adding.opened !== ""} onClose={adding.close} onMade={(id) => set({ add: null, open: id })} />
      <GroupDrawer id={opened} />
    </>
  );
}
