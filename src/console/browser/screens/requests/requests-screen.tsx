import { Button } from "@mantine/core";
import { Link } from "react-router";
import { type Row, urlOf } from "../../api/call.ts";
import { REQUEST_STATES } from "../../api/operations.gen.ts";
import { useApi } from "../../api/use-api.ts";
import { useAddressState, useOpened } from "../../parts/address-state.ts";
import { ChoiceFilter } from "../../parts/choice-filter.tsx";
import { CopyAs } from "../../parts/copy-as.tsx";
import { EmptyState } from "../../parts/empty-state.tsx";
import { Instant } from "../../parts/instant.tsx";
import { type Column, List } from "../../parts/list.tsx";
import { ScreenHead } from "../../parts/screen-head.tsx";
import { useTexts } from "../../texts/texts.ts";
import { RequestChip, Wants } from "./request-chip.tsx";
import { RequestDrawer } from "./request-drawer.tsx";

type Request = Row<"requests.list">;

/** People who ask to be let in. */
export function RequestsScreen() {
  const { t } = useTexts();
  const { get } = useAddressState();
  const { opened, open, close } = useOpened();
  const state = REQUEST_STATES.find((one) => one === get("state"));
  const query = { ...(state && { state }), ...(get("cursor") !== "" && { cursor: get("cursor") }) };
  const found = useApi("requests.list", { query }, { keep: true });
  const columns: Column<Request>[] = [
    { id: "email", header: t("requests.email"), cell: ({ email }) => email },
    { id: "name", header: t("requests.name"), cell: ({ name }) => name ?? "–" },
    { id: "wants", header: t("requests.wants"), cell: (request) => <Wants request={request} /> },
    { id: "state", header: t("requests.state"), cell: (request) => <RequestChip request={request} /> },
    { id: "message", header: t("requests.message"), cell: ({ message }) => message ?? "–" },
    { id: "source", header: t("requests.source"), cell: ({ source }) => t(`requests.source-${source}`) },
    { id: "age", header: t("requests.age"), cell: ({ createdAt }) => <Instant at={createdAt} /> },
  ];
  return (
    <>
      <ScreenHead title={t("requests.title")} />
      <List
        caption={t("requests.title")}
        columns={columns}
        found={found}
        idOf={({ id }) => id}
        nameOf={({ email }) => email}
        onOpen={({ id }) => open(id)}
        narrowed={["state"]}
        filters={
          <ChoiceFilter
            name="state"
            label={t("requests.state")}
            choices={REQUEST_STATES.map((value) => ({ value, label: t(`requests.${value}`) }))}
          />
        }
        tools={
          <CopyAs
            url={urlOf("requests.list", { query })}
            command={`muster request list${state ? ` --state ${state}` : ""}`}
          />
        }
        empty={
          <EmptyState text={t("requests.empty")}>
            <Button component={Link} to="/sign-up" variant="default">
              {t("requests.whoMay")}
            </Button>
          </EmptyState>
        }
      />
      <RequestDrawer id={opened} onClose={close} />
    </>
  );
}
