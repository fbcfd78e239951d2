// SPDX-License-Identifier: GPL-2.0-only

//! What `#[pin_data]` adds to a struct.

use super::Field;
use super::Struct;
use proc_macro2::TokenStream;
use quote::format_ident;
use quote::quote;
use syn::parse_quote;
use syn::Generics;

impl Struct {
    /// The generics with the lifetime of a pinned reference.
    fn pin_generics(&self) -> Generics {
        let mut generics = self.generics.clone();
        generics.params.insert(0, parse_quote!('__pin));
        generics
    }

    /// `project()`, and the struct of what it returns.
    pub(super) fn projection(&self) -> TokenStream {
        let Self { vis, name, .. } = self;
        let projection = format_ident!("{name}Projection");
        let (generics, arguments, bounds) = self.generics.split_for_impl();
        let pin_generics = self.pin_generics();
        let (_, pin_arguments, _) = pin_generics.split_for_impl();
        let types = self.fields.iter().map(
            |Field {
                 vis,
                 name,
                 ty,
                 pinned,
             }| {
                if *pinned {
                    quote!(#vis #name: ::core::pin::Pin<&'__pin mut #ty>)
                } else {
                    quote!(#vis #name: &'__pin mut #ty)
                }
            },
        );
        let values = self.fields.iter().map(|Field { name, pinned, .. }| {
            if *pinned {
                // SAFETY (of what is expanded): The field is pinned when the whole is.
                quote!(#name: unsafe { ::core::pin::Pin::new_unchecked(&mut this.#name) })
            } else {
                quote!(#name: &mut this.#name)
            }
        });
        let listed = |title: &str, pinned: bool| {
            let names: Vec<String> = self
                .fields
                .iter()
                .filter(|field| field.pinned == pinned)
                .map(|field| format!("`{}`", field.name))
                .collect();
            format!(
                "{title}: {}.",
                if names.is_empty() {
                    "none".into()
                } else {
                    names.join(", ")
                }
            )
        };
        let (pinned, unpinned) = (listed("Pinned", true), listed("Not pinned", false));
        let doc = format!("References to the fields of a pinned [`{name}`].");
        quote! {
            #[doc = #doc]
            #[doc(hidden)]
            #[allow(dead_code, non_snake_case)]
            #vis struct #projection #pin_generics #bounds {
                #(#types,)*
                ___pin_phantom_data: ::core::marker::PhantomData<&'__pin mut ()>,
            }

            #[automatically_derived]
            impl #generics #name #arguments #bounds {
                /// Returns references to all fields at once.
                ///
                #[doc = #pinned]
                ///
                #[doc = #unpinned]
                #[allow(dead_code)]
                #[inline]
                #vis fn project<'__pin>(
                    self: ::core::pin::Pin<&'__pin mut Self>,
                ) -> #projection #pin_arguments {
                    // SAFETY: Nothing is moved, and pinned fields stay pinned.
                    let this = unsafe { ::core::pin::Pin::get_unchecked_mut(self) };
                    #projection {
                        #(#values,)*
                        ___pin_phantom_data: ::core::marker::PhantomData,
                    }
                }
            }
        }
    }

    /// What `pin_init!` asks for the place of each field.
    pub(super) fn data(&self) -> TokenStream {
        let Self {
            vis,
            name,
            generics: declared,
            ..
        } = self;
        let (generics, arguments, bounds) = self.generics.split_for_impl();
        let slots = self.fields.iter().map(
            |Field {
                 vis,
                 name: field,
                 ty,
                 pinned,
             }| {
                let kind = if *pinned {
                    quote!(Pinned)
                } else {
                    quote!(Unpinned)
                };
                quote! {
                    #[allow(non_snake_case)]
                    #[inline(always)]
                    #vis unsafe fn #field(
                        self,
                        slot: *mut #name #arguments,
                    ) -> ::pin_init::__internal::Slot<::pin_init::__internal::#kind, #ty> {
                        // SAFETY: `pin_init!` gives a place that holds nothing yet and is pinned; the
                        // field is so too if it is marked.
                        unsafe { ::pin_init::__internal::Slot::new(&raw mut (*slot).#field) }
                    }
                }
            },
        );
        quote! {
            #[doc(hidden)]
            #vis struct __ThePinData #declared (
                ::core::marker::PhantomData<fn(*mut #name #arguments) -> *mut #name #arguments>,
            ) #bounds;

            impl #generics ::core::clone::Clone for __ThePinData #arguments #bounds {
                #[inline]
                fn clone(&self) -> Self {
                    *self
                }
            }

            impl #generics ::core::marker::Copy for __ThePinData #arguments #bounds {}

            #[allow(dead_code, clippy::missing_safety_doc)]
            impl #generics __ThePinData #arguments #bounds {
                #(#slots)*
            }

            // SAFETY: The data has each field's place, pinned as the field is.
            unsafe impl #generics ::pin_init::__internal::HasPinData for #name #arguments #bounds {
                type PinData = __ThePinData #arguments;

                #[inline]
                unsafe fn __pin_data() -> Self::PinData {
                    __ThePinData(::core::marker::PhantomData)
                }
            }

            // SAFETY: As above.
            unsafe impl #generics ::pin_init::__internal::PinData for __ThePinData #arguments #bounds {
                type Datee = #name #arguments;
            }
        }
    }

    /// `Unpin`, if all pinned fields are.
    pub(super) fn unpin(&self) -> TokenStream {
        let name = &self.name;
        let (_, arguments, _) = self.generics.split_for_impl();
        let declared = self.pin_generics();
        let (_, pin_arguments, declared_bounds) = declared.split_for_impl();
        let mut implemented = self.pin_generics();
        implemented
            .make_where_clause()
            .predicates
            .push(parse_quote!(__Unpin #pin_arguments: ::core::marker::Unpin));
        let (generics, _, bounds) = implemented.split_for_impl();
        let pinned = self.fields.iter().filter(|field| field.pinned);
        let types = pinned.map(|field| &field.ty);
        quote! {
            #[allow(dead_code)]
            struct __Unpin #declared (
                ::core::marker::PhantomData<fn(&'__pin ()) -> &'__pin ()>,
                ::core::marker::PhantomData<fn(*mut #name #arguments) -> *mut #name #arguments>,
                #(#types,)*
            ) #declared_bounds;

            // The lifetime keeps rustc from asking here, where the bound may not hold.
            #[doc(hidden)]
            impl #generics ::core::marker::Unpin for #name #arguments #bounds {}
        }
    }

    /// `Drop` that calls `PinnedDrop`, or what refuses a `Drop`: it would get `&mut` of a pinned value.
    pub(super) fn drop(&self) -> TokenStream {
        let name = &self.name;
        let (generics, arguments, bounds) = self.generics.split_for_impl();
        if self.pinned_drop {
            return quote! {
                impl #generics ::core::ops::Drop for #name #arguments #bounds {
                    fn drop(&mut self) {
                        // SAFETY: A value that is being dropped is not moved any more.
                        let pinned = unsafe { ::core::pin::Pin::new_unchecked(self) };
                        // SAFETY: This is `Drop` of the same type.
                        let token = unsafe { ::pin_init::__internal::OnlyCallFromDrop::new() };
                        ::pin_init::PinnedDrop::drop(pinned, token);
                    }
                }
            };
        }
        quote! {
            #[allow(drop_bounds)]
            trait MustNotImplDrop {}
            #[allow(drop_bounds)]
            impl<T: ::core::ops::Drop + ?::core::marker::Sized> MustNotImplDrop for T {}
            impl #generics MustNotImplDrop for #name #arguments #bounds {}

            #[allow(non_camel_case_types)]
            trait PinnedDrop_needs_pin_data_PinnedDrop {}
            impl<T: ::pin_init::PinnedDrop + ?::core::marker::Sized>
                PinnedDrop_needs_pin_data_PinnedDrop for T {}
            impl #generics PinnedDrop_needs_pin_data_PinnedDrop for #name #arguments #bounds {}
        }
    }
}
