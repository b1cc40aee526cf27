import { type CSSVariablesResolver, createTheme, type MantineColorsTuple, rem } from "@mantine/core";

/** The one colour that says "this can be pressed". Everything else is grey, or a colour with a meaning (parts/status-chip.tsx). */
const accent: MantineColorsTuple = [
  "#e7f6f6",
  "#d2ebeb",
  "#a5d7d7",
  "#74c2c3",
  "#4db1b2",
  "#34a6a8",
  "#0b7f82",
  "#0a7073",
  "#075f61",
  "#024c4e",
];

/** The head of a dialog is no banner of the page. */
const NO_BANNER = { header: { role: "presentation" } };

/** Two sizes of text (14 and 20 px) and a grid of 8 px; nothing on a screen has measures of its own. */
export const theme = createTheme({
  primaryColor: "accent",
  primaryShade: { light: 7, dark: 6 },
  colors: { accent },
  autoContrast: true,
  cursorType: "pointer",
  focusRing: "auto",
  respectReducedMotion: true,
  defaultRadius: rem(6),
  fontFamily: "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'DejaVu Sans', sans-serif",
  fontFamilyMonospace: "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace",
  fontSizes: { xs: rem(14), sm: rem(14), md: rem(14), lg: rem(20), xl: rem(20) },
  lineHeights: { xs: "1.4", sm: "1.45", md: "1.5", lg: "1.4", xl: "1.3" },
  spacing: { xs: rem(8), sm: rem(8), md: rem(16), lg: rem(24), xl: rem(32) },
  headings: {
    fontWeight: "600",
    sizes: {
      h1: { fontSize: rem(20), lineHeight: "1.4" },
      h2: { fontSize: rem(20), lineHeight: "1.4" },
      h3: { fontSize: rem(14), lineHeight: "1.5" },
      h4: { fontSize: rem(14), lineHeight: "1.5" },
    },
  },
  components: {
    // In the colour of its meaning a yellow title is not to be read on yellow; the bar and the icon say it.
    Alert: { styles: { label: { color: "var(--mantine-color-text)" } } },
    Anchor: { defaultProps: { underline: "always" } },
    Button: { defaultProps: { size: "sm" } },
    TextInput: { defaultProps: { size: "sm" } },
    Select: { defaultProps: { size: "sm", comboboxProps: { shadow: "md" } } },
    NavLink: { defaultProps: { py: 4 } },
    Modal: { defaultProps: { attributes: NO_BANNER } },
    Drawer: {
      defaultProps: { attributes: NO_BANNER, position: "right", size: "xl", overlayProps: { backgroundOpacity: 0.3 } },
    },
    Tooltip: {
      defaultProps: {
        withArrow: true,
        multiline: true,
        maw: 360,
        openDelay: 200,
        events: { hover: true, focus: true, touch: true },
      },
    },
  },
});

/** What takes away is written white on this red. */
const RED = { "--mantine-color-red-filled": "#c92a2a", "--mantine-color-red-filled-hover": "#b02525" };

/** Quiet text is still read: 4.5 to 1 on every background that it stands on (WCAG 1.4.3). */
export const variables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    "--mantine-color-dimmed": "#545c64",
    "--mantine-color-placeholder": "#5c646c",
    "--mantine-color-error": "#c92a2a",
    ...RED,
  },
  dark: { "--mantine-color-dimmed": "#b4bac0", "--mantine-color-placeholder": "#a6adb4", ...RED },
});
