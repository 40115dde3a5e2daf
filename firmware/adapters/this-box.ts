// What the conversion of a heartbeat set-up wants to know of the box that it is made on: host name, lasting addresses, routes.

import { hostname } from "node:os";
import { listAddresses, listRoutes } from "../../native/ipalias/index.ts";
import type { ThisBox } from "../core/convert/places.ts";

export function thisBox(): ThisBox {
  return {
    hostName: hostname(),
    addresses: listAddresses().filter(({ scope }) => scope === "global"),
    routes: listRoutes().map((route) => ({ ...route, metric: route.metric ?? 0 })),
  };
}
