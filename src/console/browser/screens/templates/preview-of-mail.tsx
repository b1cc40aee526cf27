import { Skeleton, Tabs, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type Answer, type Asked, call, type Problem } from "../../api/call.ts";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { useTexts } from "../../texts/texts.ts";

type MailKind = Asked<"mailTexts.get">["params"]["kind"];
type MailLocale = Asked<"mailTexts.get">["params"]["locale"];

type Props = { kind: MailKind; locale: MailLocale; parts: NonNullable<Asked<"mailTexts.preview">["body"]> };

/** A mail with these words as it would look, with samples for people and links: nothing is kept or sent. */
export function PreviewOfMail({ kind, locale, parts }: Props) {
  const { t } = useTexts();
  const found = useQuery<Answer<"mailTexts.preview">, Problem>({
    queryKey: ["mailTexts.preview", kind, locale, parts],
    queryFn: ({ signal }) => call("mailTexts.preview", { params: { kind, locale }, body: parts }, { signal }),
    retry: false,
  });
  if (found.error) return <ProblemNotice problem={found.error} />;
  if (found.data === undefined) return <Skeleton height={240} />;
  const { subject, text, html } = found.data;
  return (
    <div>
      <Text fw={600} mb="sm">
        {t("templates.subject")}: {subject}
      </Text>
      <Tabs defaultValue="html" keepMounted={false}>
        <Tabs.List>
          <Tabs.Tab value="html">{t("templates.html")}</Tabs.Tab>
          <Tabs.Tab value="text">{t("templates.text")}</Tabs.Tab>
          <Tabs.Tab value="source">{t("templates.source")}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="html" pt="sm">
          <iframe className="mail-preview" sandbox="" srcDoc={withoutStyles(html)} title={t("templates.html")} />
        </Tabs.Panel>
        <Tabs.Panel value="text" pt="sm">
          <section className="mail-text" tabIndex={0} aria-label={t("templates.text")}>
            {text}
          </section>
        </Tabs.Panel>
        <Tabs.Panel value="source" pt="sm">
          <section className="mail-text" tabIndex={0} aria-label={t("templates.source")}>
            {html}
          </section>
        </Tabs.Panel>
      </Tabs>
    </div>
  );
}

/** The console's content policy holds in the frame too and reports every inline style: they are left out here, and stand in the source. */
function withoutStyles(html: string): string {
  return html.replaceAll(/ style="[^"]*"/g, "");
}
