// A .yaml file is imported as its text: the bundler of the one binary does it so (image/binary/bundle.ts).
declare module "*.yaml" {
  const text: string;
  export default text;
}
