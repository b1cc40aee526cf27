import { Liquid } from "liquidjs";

/** A mail as it is read. */
export type Written = { subject: string; text: string; html: string };

const limits = {
  strictVariables: true,
  strictFilters: true,
  ownPropertyOnly: true,
  parseLimit: 100_000,
  renderLimit: 1_000,
};
const html = new Liquid({ ...limits, outputEscape: "escape" });
const text = new Liquid(limits);

/**
 * A mail with places for values. No text of users or directories stands in the subject: it would travel under our
 * sender's good name. Values are data: nothing of them is a template or markup.
 * @param words.html what stands inside the page's body; it knows `subject` too.
 */
export function mailTemplate<Values extends object>(words: Written): (values: Values) => Written {
  const htmlTemplate = html.parse(`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="color-scheme" content="light dark"><title>{{ subject }}</title></head>
<body style="font-family: sans-serif; line-height: 1.5; max-width: 36em">
${words.html}</body>
</html>
`);
  const textTemplate = text.parse(words.text);
  const { subject } = words;
  return (values) => ({
    subject,
    text: text.renderSync(textTemplate, values),
    html: html.renderSync(htmlTemplate, { ...values, subject }),
  });
}
