// `npm run flash -- cluster.yaml IMAGE`: puts another cluster file into a finished image. Exit status 1 when it was
// refused (the image is then unchanged, unless the message says otherwise).

import { flash } from "../image/flash.ts";
import { ImageError } from "../image/run.ts";

const usage = `usage: npm run flash -- CLUSTER.yaml IMAGE
  CLUSTER.yaml  the cluster file to put in
  IMAGE         an image made by npm run image, or the stick it was written to (/dev/sdX)`;

async function main(args: readonly string[]): Promise<number> {
  const [clusterFile, image, ...more] = args;
  if (clusterFile === undefined || image === undefined || more.length > 0) {
    console.error(usage);
    return 1;
  }
  const started = performance.now();
  try {
    const { cluster, version, profile, warnings } = await flash(clusterFile, image);
    if (warnings !== "") process.stderr.write(warnings);
    const took = Math.round(performance.now() - started);
    console.log(
      `${image}: pulsebox ${version} (${profile}) now holds cluster "${cluster}" of ${clusterFile}`,
    );
    console.log(`written and read back in ${took} ms`);
    return 0;
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    console.error(error.message);
    return 1;
  }
}

process.exitCode = await main(process.argv.slice(2));
