"""The Scrapy project: what holds for every spider, under `facades crawl` as under `scrapy crawl` and `scrapy shell`."""

from crawler.user_agent import AGENT

BOT_NAME = "facades"
SPIDER_MODULES = ["crawler.spiders"]
NEWSPIDER_MODULE = "crawler.spiders"

# Who we are, and what we obey. Crawl-delay and Retry-After are minima, so no random part is taken off a delay.
USER_AGENT = AGENT
DOWNLOAD_DELAY_JITTER = 0
RETRY_AFTER_MAX = 600.0
ANSWER_TIMEOUT = 20.0
REDIRECT_MAX_TIMES = 10
DOWNLOADER = "crawler.transport.downloader.ArchivingDownloader"
DOWNLOADER_MIDDLEWARES = {
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
    "crawler.transport.robots.RobotsTxt": 100,
    "scrapy.downloadermiddlewares.retry.RetryMiddleware": None,
    "crawler.transport.throttle.RetryAndThrottle": 550,
    "scrapy.downloadermiddlewares.redirect.RedirectMiddleware": None,
    "crawler.transport.redirects.Redirects": 600,
    "crawler.transport.address_rule.AddressRule": 760,
}
RETRY_GIVE_UP_LOG_LEVEL = "DEBUG"  # the ledger says it

# What could hurt.
TWISTED_DNS_RESOLVER = "crawler.transport.address_rule.PublicResolver"
DOWNLOAD_HANDLERS = {"data": None, "file": None, "ftp": None, "s3": None}
DOWNLOAD_VERIFY_CERTIFICATES = True
DOWNLOAD_MAXSIZE = 20_000_000  # also of what a body decompresses to
DOWNLOAD_WARNSIZE = 0
TELNETCONSOLE_ENABLED = False
REMOTE_CONTROL_ENABLED = False

# A page is what its URL says, the same today and at every replay: no cookies, no Referer, no meta refresh.
COOKIES_ENABLED = False
REFERER_ENABLED = False
METAREFRESH_ENABLED = False
URLLENGTH_LIMIT = 0  # it drops without a word
REQUEST_FINGERPRINTER_CLASS = "crawler.transport.fingerprint.ExactFingerprinter"

# Scrapy starts as many tasks as this for every response (0.3 s a hundred): with 100, its default, a crawl of images is
# three times slower.
CONCURRENT_ITEMS = 1
CONCURRENT_REQUESTS = 64  # of all hosts; those that wait at one host leave room for the others
SCHEDULER_MEMORY_QUEUE = "scrapy.squeues.FifoMemoryQueue"  # in the order of the pages
LOG_LEVEL = "WARNING"
