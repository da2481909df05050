// esbuild puts the compiled addon into the bundle, as bytes.
declare module '*.node' {
  const bytes: Uint8Array;
  export default bytes;
}
