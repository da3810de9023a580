//! Generates the gRPC service of `on-tonic` from its methods, so that nobody needs `protoc` to build the examples. With
//! one, `tonic-prost-build` makes the same from a `.proto` file.

use tonic_build::manual::{Builder, Method, Service};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let method = |name: &str, route: &str| {
        Method::builder()
            .name(name)
            .route_name(route)
            .input_type("crate::on_tonic::Question")
            .output_type("crate::on_tonic::Answer")
            .codec_path("tonic_prost::ProstCodec")
    };
    let service = Service::builder()
        .package("tenancy.examples")
        .name("Tenants")
        .method(method("ask", "Ask").build())
        .method(method("watch", "Watch").server_streaming().build())
        .build();
    Builder::new().build_transport(false).compile(&[service]);
}
