import { type Row, urlOf } from "../../api/call.ts";
import { useApi } from "../../api/use-api.ts";
import { useOpened } from "../../parts/address-state.ts";
import { Chip } from "../../parts/chip.tsx";
import { CopyAs } from "../../parts/copy-as.tsx";
import { Instant } from "../../parts/instant.tsx";
import { type Column, List } from "../../parts/list.tsx";
import { ScreenHead } from "../../parts/screen-head.tsx";
import { LANGUAGES, useTexts } from "../../texts/texts.ts";
import { TemplateDrawer } from "./template-drawer.tsx";

type Template = Row<"mailTexts.list">;

/** What each kind of mail says, in every language. */
export function TemplatesScreen() {
  const { t, word } = useTexts();
  const { opened, open, close } = useOpened();
  const found = useApi("mailTexts.list", {});
  const idOf = ({ kind, locale }: Template): string => `${kind}.${locale}`;
  const columns: Column<Template>[] = [
    { id: "kind", header: t("templates.kind"), cell: ({ kind }) => word("templates", kind) },
    { id: "locale", header: t("templates.language"), cell: ({ locale }) => LANGUAGES[locale] },
    {
      id: "state",
      header: t("templates.state"),
      cell: ({ own }) =>
        Object.values(own).some((part) => part !== null) ? (
          <Chip meaning="good" label={t("templates.changed")} />
        ) : (
          <Chip meaning="neutral" label={t("templates.default")} />
        ),
    },
    { id: "subject", header: t("templates.subject"), cell: ({ own, defaults }) => own.subject ?? defaults.subject },
    { id: "at", header: t("templates.changedAt"), cell: ({ changedAt }) => <Instant at={changedAt} none="–" /> },
  ];
  return (
    <>
      <ScreenHead title={t("templates.title")} />
      <List
        caption={t("templates.title")}
        columns={columns}
        found={found}
        idOf={idOf}
        nameOf={({ kind, locale }) => `${word("templates", kind)}, ${LANGUAGES[locale]}`}
        onOpen={(row) => open(idOf(row))}
        tools={<CopyAs url={urlOf("mailTexts.list", {})} command="muster mail text list" />}
        empty={null}
      />
      <TemplateDrawer text={found.data?.data.find((row) => idOf(row) === opened)} onClose={close} />
    </>
  );
}
