import { IconPlus } from "@tabler/icons-react";
import { type Row, urlOf } from "../../api/call.ts";
import { useApi } from "../../api/use-api.ts";
import { ActButton } from "../../parts/act-button.tsx";
import { useAddressState, useOpened } from "../../parts/address-state.ts";
import { ChoiceFilter } from "../../parts/choice-filter.tsx";
import { CopyAs } from "../../parts/copy-as.tsx";
import { EmptyState } from "../../parts/empty-state.tsx";
import { type Column, List } from "../../parts/list.tsx";
import { ScreenHead } from "../../parts/screen-head.tsx";
import { useTexts } from "../../texts/texts.ts";
import { NewProduct } from "./new-product.tsx";
import { ProductDrawer } from "./product-drawer.tsx";
import { Sites } from "./sites.tsx";

/** What people get access to, and how full it is. */
export function ProductsScreen() {
  const { t, word } = useTexts();
  const { get, set } = useAddressState();
  const { opened, open } = useOpened();
  const adding = useOpened("add");
  const sites = useApi("sites.list", { query: { limit: 200 } });
  const seats = useApi("seats.list", { query: { limit: 200 } });
  const query = {
    ...(get("site") !== "" && { site: get("site") }),
    ...(get("cursor") !== "" && { cursor: get("cursor") }),
  };
  const found = useApi("products.list", { query }, { keep: true });
  const use = ({ site, key }: Row<"products.list">, kind: "seats" | "guests"): string => {
    const places = seats.data?.data.find((one) => one.site === site && one.product === key)?.[kind];
    if (places === undefined) return "–";
    const { used, pending, limit } = places;
    return `${pending > 0 ? `${used} (+${pending})` : used} / ${limit ?? "∞"}`;
  };
  const columns: Column<Row<"products.list">>[] = [
    { id: "name", header: t("products.name"), cell: (product) => product.name },
    { id: "site", header: t("products.site"), cell: (product) => product.site },
    { id: "seats", header: t("products.seats"), kind: "number", cell: (product) => use(product, "seats") },
    {
      id: "enforcement",
      header: t("products.whenFull"),
      cell: (product) => word("products", product.seatEnforcement),
    },
    {
      id: "guests",
      header: t("products.guestSlots"),
      kind: "number",
      cell: (product) => (product.hasGuests ? use(product, "guests") : t("products.noGuests")),
    },
    { id: "key", header: t("products.key"), hidden: true, cell: (product) => product.key },
    { id: "url", header: t("products.url"), hidden: true, cell: (product) => product.url ?? "–" },
  ];
  const idOf = ({ site, key }: Row<"products.list">): string => `${site}/${key}`;
  return (
    <>
      <ScreenHead title={t("products.title")}>
        <ActButton
          operation="products.create"
          leftSection={<IconPlus size={18} />}
          onClick={() => adding.open("product")}
        >
          {t("products.add")}
        </ActButton>
      </ScreenHead>
      <List
        caption={t("products.title")}
        columns={columns}
        found={found}
        idOf={idOf}
        nameOf={(product) => product.name}
        onOpen={(product) => open(idOf(product))}
        narrowed={["site"]}
        filters={
          <ChoiceFilter
            name="site"
            label={t("products.site")}
            choices={(sites.data?.data ?? []).map(({ key, name }) => ({ value: key, label: name }))}
          />
        }
        tools={<CopyAs url={urlOf("products.list", { query })} command="muster product list" />}
        empty={<EmptyState text={t("products.empty")} />}
      />
      <Sites sites={sites.data?.data ?? []} />
      <NewProduct
        opened={adding.opened !== ""}
        sites={sites.data?.data ?? []}
        onClose={adding.close}
        onMade={(product) => set({ add: null, open: idOf(product) })}
      />
      <ProductDrawer opened={opened} />
    </>
  );
}
