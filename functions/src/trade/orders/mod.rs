//! Orders (4.1, 4.5, 4.6).

mod get_order;
mod list_all_orders;
mod list_orders;
mod list_provider_orders;
mod place_order;
mod summary;
mod view;

pub use get_order::GetOrder;
pub use list_all_orders::ListAllOrders;
pub use list_orders::ListOrders;
pub use list_provider_orders::ListProviderOrders;
pub use place_order::PlaceOrder;
pub use summary::{OrderSummary, OrdersQuery};
pub use view::OrderView;
