export const setup = {
  title: "Set up Muster",
  means: "This makes the first organization and the account by which you administer it. The link works once.",
  noToken: "Open the link that Muster wrote to its log when it started: it holds the key to this page.",
  key: "Key of the organization",
  keyMeans: "A short word of small letters, digits and hyphens. It stands in addresses and commands.",
  name: "Name of the organization",
  site: "Another site",
  siteMeans: "The first site has the organization's key. Name a second one if you need it; you can do that later too.",
  email: "Your e-mail address",
  password: "Password",
  submit: "Set up",
} as const;
