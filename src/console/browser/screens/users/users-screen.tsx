import { useNavigate } from "react-router";
import { type Row, urlOf } from "../../api/call.ts";
import { useApi } from "../../api/use-api.ts";
import { inFilter, useAddressState } from "../../parts/address-state.ts";
import { StatusChip } from "../../parts/chip.tsx";
import { ChoiceFilter } from "../../parts/choice-filter.tsx";
import { CopyAs, quoted } from "../../parts/copy-as.tsx";
import { EmptyState } from "../../parts/empty-state.tsx";
import { Instant } from "../../parts/instant.tsx";
import { type Column, List } from "../../parts/list.tsx";
import { ScreenHead } from "../../parts/screen-head.tsx";
import { SearchField } from "../../parts/search-field.tsx";
import { useTexts } from "../../texts/texts.ts";

const STATUSES = ["invited-not-sent", "invited", "active", "suspended", "deactivated"] as const;

/** The people of the organization. */
export function UsersScreen() {
  const { t, word } = useTexts();
  const navigate = useNavigate();
  const { get } = useAddressState();
  const filter = [
    ...(get("status") === "" ? [] : [`status eq ${inFilter(get("status"))}`]),
    ...(get("q") === "" ? [] : [`(userName co ${inFilter(get("q"))} or email co ${inFilter(get("q"))})`]),
  ].join(" and ");
  const query = {
    ...(filter !== "" && { filter }),
    ...(get("sort") !== "" && { sort: get("sort") as "userName" }),
    ...(get("cursor") !== "" && { cursor: get("cursor") }),
  };
  const found = useApi("users.list", { query }, { keep: true });
  const columns: Column<Row<"users.list">>[] = [
    { id: "userName", header: t("users.userName"), sort: "userName", cell: (user) => user.userName },
    { id: "email", header: t("users.email"), cell: (user) => user.email },
    { id: "status", header: t("users.status"), cell: (user) => <StatusChip status={user.status} /> },
    { id: "firstAccessAt", header: t("users.firstAccess"), cell: (user) => <Instant at={user.firstAccessAt} /> },
  ];
  return (
    <>
      <ScreenHead title={t("users.title")} />
      <List
        caption={t("users.title")}
        columns={columns}
        found={found}
        idOf={(user) => user.id}
        nameOf={(user) => user.userName}
        onOpen={(user) => void navigate(`/users/${user.id}`)}
        narrowed={["q", "status"]}
        filters={
          <>
            <SearchField />
            <ChoiceFilter
              name="status"
              label={t("users.status")}
              choices={STATUSES.map((value) => ({ value, label: word("status", value) }))}
            />
          </>
        }
        tools={
          <CopyAs
            url={urlOf("users.list", { query })}
            command={`muster user list${filter === "" ? "" : ` --filter ${quoted(filter)}`}`}
          />
        }
        empty={<EmptyState text={t("users.empty")} />}
      />
    </>
  );
}
