//! `#[protection_domain]`: names the function that makes a protection domain's handler.

use proc_macro::TokenStream;
use quote::quote;
use syn::{ItemFn, parse_macro_input};

/// Makes this function the protection domain's entry point; the arguments go to
/// `sel4_microkit::declare_protection_domain!`.
#[proc_macro_attribute]
pub fn protection_domain(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let arguments = proc_macro2::TokenStream::from(arguments);
    let function = parse_macro_input!(item as ItemFn);
    let name = &function.sig.ident;
    quote! {
        ::sel4_microkit::declare_protection_domain!(init = #name, #arguments);
        #function
    }
    .into()
}
