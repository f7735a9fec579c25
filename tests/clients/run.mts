// The client that openapi-typescript's types make of openapi-fetch: three writes and the reads of a merchant and its
// provider. That this file compiles, strictly, is half of what it shows.
import createClient from "openapi-fetch";
import type { components, paths } from "./market.js";

declare const process: { env: Record<string, string> };
const { MARKET, SHOP, SELLER, TERMS, MERCHANT_TOKEN, SELLER_TOKEN } = process.env;

const client = (token: string) =>
  createClient<paths>({ baseUrl: MARKET, headers: { Authorization: `Bearer ${token}` } });
const merchant = client(MERCHANT_TOKEN);
const seller = client(SELLER_TOKEN);
const fresh = () => ({ "Idempotency-Key": crypto.randomUUID() });

type Answer<T> = { data?: T; error?: components["schemas"]["Problem"]; response: Response };

/** The reply, which has the type that the description promises. */
function done<T>(what: string, { data, error, response }: Answer<T>): T {
  if (error !== undefined || data === undefined) throw new Error(`${what}: ${response.status} ${JSON.stringify(error)}`);
  if (!response.headers.get("x-request-id")) throw new Error(`${what}: no x-request-id`);
  return data;
}

function is(what: string, holds: boolean): asserts holds {
  if (!holds) throw new Error(what);
}

const account_id = SHOP;
const provider_id = SELLER;
const own = { params: { path: { account_id } } };
const sold = { params: { path: { provider_id } } };

const catalogue = done("browse_listings", await merchant.GET("/v1/listings", { params: { query: { kind: "application" } } }));
const listing = catalogue.items[0];
const plan = listing.plans.find((plan) => plan.bound.kind === "unbounded");
is("a plan without bound is for sale", plan !== undefined);

const order = done("place_order", await merchant.POST("/v1/accounts/{account_id}/orders", {
  params: { path: { account_id }, header: fresh() },
  body: {
    listing_id: listing.id, plan_id: plan.id, acknowledge_unbounded_risk: true,
    subscription_agreement: { document_id: TERMS, version: 1 },
  },
}));
is("it waits for its payment", order.status === "placed");
is("until an instant", new Date(order.pay_by) > new Date(order.placed_at));
const payment = JSON.stringify({ account_id, order_id: order.id, amount_fen: order.amount_fen });
const headers = { "Content-Type": "application/json" };
const paying = await fetch(`${MARKET}/_local/payment`, { method: "POST", headers, body: payment });
is(`it is paid: ${paying.status} ${await paying.text()}`, paying.ok);

const expires_at = new Date(Date.parse(order.placed_at) + 7 * 24 * 3600 * 1000).toISOString();
const grant = done("give_grant", await merchant.POST("/v1/accounts/{account_id}/grants", {
  params: { path: { account_id }, header: fresh() },
  body: { order_id: order.id, scopes: ["orders.read"], expires_at, page_sha256: "ab".repeat(32) },
}));
is("an instant comes back as JavaScript writes it", grant.expires_at === expires_at);

const path = { account_id, grant_id: grant.id };
const over = done("revoke_grant", await merchant.POST("/v1/accounts/{account_id}/grants/{grant_id}/revocation", {
  params: { path, header: fresh() },
}));
is("it is over, because it was taken back", over.status === "ended" && over.cause === "revoked");

const paid = done("get_order", await merchant.GET("/v1/accounts/{account_id}/orders/{order_id}", {
  params: { path: { account_id, order_id: order.id } },
}));
is("a plan without bound has no end", paid.status === "in_service" && paid.valid_until === undefined);
const demand = done("get_demand", await merchant.GET("/v1/accounts/{account_id}/demands/{grant_id}", { params: { path } }));
is("a demand is drafted", demand.status === "draft");

const reads = [
  done("get_account", await merchant.GET("/v1/accounts/{account_id}", own)),
  done("list_acceptances", await merchant.GET("/v1/accounts/{account_id}/acceptances", own)),
  done("list_orders", await merchant.GET("/v1/accounts/{account_id}/orders", own)),
  done("list_grants", await merchant.GET("/v1/accounts/{account_id}/grants", own)),
  done("list_demands", await merchant.GET("/v1/accounts/{account_id}/demands", own)),
  done("list_notices", await merchant.GET("/v1/accounts/{account_id}/notices", own)),
  done("list_evidence", await merchant.GET("/v1/accounts/{account_id}/evidence", own)),
  done("get_provider", await seller.GET("/v1/providers/{provider_id}", sold)),
  done("list_provider_orders", await seller.GET("/v1/providers/{provider_id}/orders", sold)),
  done("list_provider_grants", await seller.GET("/v1/providers/{provider_id}/grants", sold)),
];
console.log(`TypeScript: 3 writes and ${reads.length + 3} reads`);
