export const user = {
  title: "Person",
};
