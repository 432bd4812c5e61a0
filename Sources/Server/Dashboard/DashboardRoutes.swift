internal import HTTPTypes
internal import Hummingbird
internal import NIOCore

/// The pages for people. They are part of the binary, and load nothing from elsewhere.
struct DashboardRoutes: Sendable {
  func add(to router: Router<ServerContext>) {
    serve(router, "/", PackageResources.index_html, "text/html; charset=utf-8")
    serve(router, "/app.js", PackageResources.app_js, "text/javascript; charset=utf-8")
    serve(router, "/graph.js", PackageResources.graph_js, "text/javascript; charset=utf-8")
    serve(router, "/style.css", PackageResources.style_css, "text/css; charset=utf-8")
  }

  private func serve(_ router: Router<ServerContext>, _ path: RouterPath, _ bytes: [UInt8], _ type: String) {
    let body = ByteBuffer(bytes: bytes)
    router.get(path) { _, _ in
      var response = Response(status: .ok, body: .init(byteBuffer: body))
      response.headers[.contentType] = type
      response.headers[.cacheControl] = "no-cache"
      response.headers[.contentSecurityPolicy] =
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'"
      response.headers[.xContentTypeOptions] = "nosniff"
      return response
    }
  }
}
