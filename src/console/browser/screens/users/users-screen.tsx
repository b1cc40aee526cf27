import { Button, Text } from "@mantine/core";
import { IconFilter, IconMailForward } from "@tabler/icons-react";
import { useState } from "react";
import { Link, useNavigate, useParams } from "react-router";
import { urlOf } from "../../api/call.ts";
import { useApi } from "../../api/use-api.ts";
import { ActButton } from "../../parts/act-button.tsx";
import { useAddressState } from "../../parts/address-state.ts";
import { CopyAs, quoted } from "../../parts/copy-as.tsx";
import { EmptyState } from "../../parts/empty-state.tsx";
import { List } from "../../parts/list.tsx";
import { ScreenHead } from "../../parts/screen-head.tsx";
import { useTexts } from "../../texts/texts.ts";
import { UserScreen } from "../user/user-screen.tsx";
import { AddPerson } from "./add-person.tsx";
import { BulkBar } from "./bulk-bar.tsx";
import { ExportButton } from "./export-button.tsx";
import { JobDrawer } from "./job-drawer.tsx";
import { userColumns } from "./user-columns.tsx";
import { UserFilters } from "./user-filters.tsx";
import { NARROWED, RARE, usersFilter } from "./users-filter.ts";

/** `/users`, and below it the one whose id stands there. */
export function UsersScreen() {
  const [id = "", tab = ""] = (useParams()["*"] ?? "").split("/");
  return id === "" ? <Users /> : <UserScreen key={id} id={id} tab={tab} />;
}

/** The people of the organization. */
function Users() {
  const texts = useTexts();
  const { t } = texts;
  const navigate = useNavigate();
  const { get, set } = useAddressState();
  const [more, setMore] = useState(RARE.some((name) => get(name) !== ""));
  const filter = usersFilter(get);
  const query = {
    count: true,
    ...(filter !== "" && { filter }),
    ...(get("sort").endsWith("userName") && { sort: get("sort") as "userName" }),
    ...(get("cursor") !== "" && { cursor: get("cursor") }),
  };
  const found = useApi("users.list", { query }, { keep: true });
  const total = found.data?.page.total;
  return (
    <>
      <ScreenHead title={t("users.title")}>
        <Button component={Link} to="/invitations?invite=people" leftSection={<IconMailForward size={18} />}>
          {t("users.inviteUsers")}
        </Button>
        <ActButton operation="users.create" variant="default" onClick={() => set({ add: "person" })}>
          {t("users.addPerson")}
        </ActButton>
        <Button component={Link} to="/sign-up" variant="default">
          {t("users.signUpOptions")}
        </Button>
      </ScreenHead>
      <List
        caption={t("users.title")}
        columns={userColumns(texts)}
        found={found}
        idOf={(user) => user.id}
        nameOf={(user) => user.userName}
        onOpen={(user) => void navigate(`/users/${user.id}`)}
        narrowed={NARROWED}
        filters={<UserFilters more={more} />}
        tools={
          <>
            {total && (
              <Text c="dimmed" aria-live="polite">
                {t(total.exact ? "users.total" : "users.totalAtLeast", { n: total.count })}
              </Text>
            )}
            {!more && (
              <Button variant="subtle" leftSection={<IconFilter size={16} />} onClick={() => setMore(true)}>
                {t("users.moreFilters")}
              </Button>
            )}
            <ExportButton filter={filter} />
            <CopyAs
              url={urlOf("users.list", { query })}
              command={`muster user list${filter === "" ? "" : ` --filter ${quoted(filter)}`}`}
            />
          </>
        }
        bulk={(rows, clear) => <BulkBar rows={rows} filter={filter} total={total?.count ?? 0} clear={clear} />}
        empty={
          <EmptyState text={t("users.empty")}>
            <Button component={Link} to="/directories">
              {t("users.connectDirectory")}
            </Button>
          </EmptyState>
        }
      />
      <AddPerson />
      <JobDrawer />
    </>
  );
}
