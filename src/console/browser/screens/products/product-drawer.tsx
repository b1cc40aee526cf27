import { Skeleton, Tabs } from "@mantine/core";
import { useApi } from "../../api/use-api.ts";
import { useAddressState } from "../../parts/address-state.ts";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { Side } from "../../parts/side.tsx";
import { useTexts } from "../../texts/texts.ts";
import { DefaultGroups } from "./default-groups.tsx";
import { GuestPolicyForm } from "./guest-policy-form.tsx";
import { ProductForm } from "./product-form.tsx";
import { Spaces } from "./spaces.tsx";

/** One product. @param opened its site and key with a slash between. */
export function ProductDrawer({ opened }: { opened: string }) {
  const { t } = useTexts();
  const { get, set } = useAddressState();
  const [site = "", key = ""] = opened.split("/");
  const found = useApi("products.get", { params: { key }, query: { site } }, { enabled: key !== "" });
  const product = found.data;
  const tabs = ["seats", "defaults", "spaces", ...(product?.hasGuests ? (["guests"] as const) : [])] as const;
  const tab = tabs.find((one) => one === get("tab")) ?? "seats";
  const close = (): void => {
    set({ open: null, tab: null });
  };
  return (
    <Side opened={opened !== ""} onClose={close} title={product?.name ?? key}>
      {found.error ? (
        <ProblemNotice problem={found.error} />
      ) : product === undefined ? (
        <Skeleton height={240} />
      ) : (
        <Tabs value={tab} onChange={(value) => set({ tab: value })} keepMounted={false}>
          <Tabs.List mb="md">
            {tabs.map((one) => (
              <Tabs.Tab key={one} value={one}>
                {t(`products.tab-${one}`)}
              </Tabs.Tab>
            ))}
          </Tabs.List>
          <Tabs.Panel value="seats">
            <ProductForm key={product.id} product={product} />
          </Tabs.Panel>
          <Tabs.Panel value="defaults">
            <DefaultGroups product={product} />
          </Tabs.Panel>
          <Tabs.Panel value="spaces">
            <Spaces product={product} />
          </Tabs.Panel>
          <Tabs.Panel value="guests">
            <GuestPolicyForm product={product} />
          </Tabs.Panel>
        </Tabs>
      )}
    </Side>
  );
}
